#include "midillama/works/review.h"
#include "support/browser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

namespace midillama::works {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::Browser;
using testing_support::Chromedriver;

class SlowReviewPage : public testing::Test {
 protected:
  void SetUp() override {
    if (!Chromedriver::is_installed()) GTEST_SKIP() << "chromium-driver and chromium-headless-shell are not installed";
    std::ofstream pieces(folder.path() / kPiecesFile), texts(folder.path() / kTextsFile), annotations(folder.path() / kAnnotationsFile);
    for (const std::string work : {"one", "two"}) {
      pieces << Json({{"piece", work}, {"work", work}, {"composer", "Clara Vell"}, {"title", "Work " + work}}) << '\n';
      texts << Json(to_line(Text{work, "http://a.example/" + work, "Page", "2026-01-01T00:00:00Z", "",
                                 "It is  a waltz (in \u201cthree\u201d). It is calm."}))
            << '\n';
      const auto field = [&](const char* value, const char* evidence) {
        return Json{{"value", value}, {"evidence", evidence}, {"url", "http://a.example/" + work}};
      };
      annotations << Json({{"work", work},
                           {"status", "annotated"},
                           {"fields",
                            {{"genre", field("waltz", "It is a waltz (in \"three\").")}, {"emotion", field("calm", "It is calm.")}}}})
                  << '\n';
    }
    texts.close(), pieces.close(), annotations.close();
    write_atomically(folder.path() / "review.html", draw_review(folder.path(), 10, 1).page);
    browser.emplace(1000, 800);
    browser->open("file://" + (folder.path() / "review.html").string());
  }
  std::size_t count(const std::string& selector) {
    return browser->run("return document.querySelectorAll(arguments[0]).length", {selector}).get<std::size_t>();
  }

  TemporaryDirectory folder;
  std::optional<Browser> browser;
};

TEST_F(SlowReviewPage, IsJudgedByKeyboardKeptAndSaved) {
  EXPECT_EQ(browser->text("#title"), "Work one");
  EXPECT_EQ(count("article"), 2u);
  EXPECT_EQ(browser->text("mark[data-field=genre]"), "It is  a waltz (in \u201cthree\u201d)");
  EXPECT_EQ(browser->text("mark[data-field=emotion]"), "It is calm");
  browser->click("#save");
  EXPECT_THAT(browser->text("#progress"), HasSubstr("Give your name"));
  browser->type("#reviewer", "Anna");
  browser->press({"Escape", "a", "r"});
  EXPECT_THAT(browser->text("#progress"), HasSubstr("2 of 4 fields judged"));
  browser->press({"n", "u"});
  browser->type("article[data-field=emotion] textarea", "not sure: a, r, u");
  EXPECT_EQ(browser->text("#title"), "Work two");
  EXPECT_THAT(browser->text("#progress"), HasSubstr("3 of 4 fields judged"));

  // Opened again it has what was done.
  browser->open("file://" + (folder.path() / "review.html").string());
  EXPECT_THAT(browser->text("#progress"), HasSubstr("0 of 4"));
  browser->type("#reviewer", "Anna");
  browser->press({"Escape"});
  ASSERT_TRUE(browser->waits_for("document.querySelector('#progress').textContent.includes('3 of 4 fields judged')"));
  browser->run(
      "window.saved = null; const make = URL.createObjectURL; URL.createObjectURL = (blob) => (blob.text().then((text) => { saved = text; "
      "}), make(blob));");
  browser->press({"s"});
  ASSERT_TRUE(browser->waits_for("saved"));
  const auto file = folder.path() / "saved.json";
  std::ofstream(file) << browser->run("return saved").get<std::string>();
  const std::vector files = {file};
  const ReviewScores scores = score_reviews(files);
  EXPECT_EQ(scores.categorical.accepted, 1);
  EXPECT_EQ(scores.categorical.rejected, 1);
  EXPECT_EQ(scores.categorical.unsure, 1);
  EXPECT_THAT(browser->console(), IsEmpty());
}

TEST_F(SlowReviewPage, EachFieldHasItsMarkHoweverItsEvidenceIsWritten) {
  const std::string url = "http://a.example/one";
  std::ofstream(folder.path() / kTextsFile) << Json(to_line(Text{"one", url, "Page", "2026-01-01T00:00:00Z", "",
                                                                 "Is\u2012it \u201bsad\u203a or cal\u00adm \U0001D15F? No."}))
                                            << '\n';
  const Json field = {{"value", "x"}, {"evidence", "Is-it 'sad' or calm \U0001D15F?"}, {"url", url}};
  const Json other = {{"value", "y"}, {"evidence", "or calm \U0001D15F? No."}, {"url", url}};
  const Json fields = {{"genre", field}, {"style", field}, {"emotion", other}};
  std::ofstream(folder.path() / kAnnotationsFile) << Json({{"work", "one"}, {"status", "annotated"}, {"fields", fields}}) << '\n';
  write_atomically(folder.path() / "review.html", draw_review(folder.path(), 10, 1).page);
  browser->open("file://" + (folder.path() / "review.html").string());
  const auto marked = [&](const std::string& field_name) {
    return browser->run("return [...document.querySelectorAll(arguments[0])].map((mark) => mark.textContent).join('')",
                        {"mark[data-field~=" + field_name + "]"});
  };
  EXPECT_EQ(marked("genre"), "Is\u2012it \u201bsad\u203a or cal\u00adm \U0001D15F?");
  EXPECT_EQ(marked("style"), marked("genre"));
  EXPECT_EQ(marked("emotion"), "or cal\u00adm \U0001D15F? No");
  EXPECT_EQ(browser->text(".text"), "Is\u2012it \u201bsad\u203a or cal\u00adm \U0001D15F? No.");
  for (const char* name : {"genre", "style", "emotion"}) {
    EXPECT_EQ(count("article.current[data-field=" + std::string(name) + "]"), 1u);
    EXPECT_EQ(count("mark.current"), count("mark[data-field~=" + std::string(name) + "]")) << name;
    browser->press({"j"});
  }
  EXPECT_THAT(browser->console(), IsEmpty());
}

}  // namespace
}  // namespace midillama::works
