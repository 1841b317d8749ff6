// The pages as somebody uses them, in a headless Chromium.
#include "study/study_client.h"
#include "study/study_world.h"
#include "support/browser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace midillama::study {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::Browser;
using testing_support::Chromedriver;

struct StudyPageTest : testing::Test, StudyWorld {
  void SetUp() override {
    if (!Chromedriver::is_installed())
      GTEST_SKIP() << "there is no chromedriver: Debian's chromium-driver and chromium-headless-shell bring it";
    made.emplace(build(design(3, 1, 1)));
    keys = read_keys(*made, study());
    server.emplace(study());
  }
  std::string link() const { return fmt::format("http://127.0.0.1:{}/#{}", server->port(), keys.participants.at("p01").key); }
  void open(int width = 1000, int height = 900) {
    browser.emplace(width, height);
    browser->open(link());
  }
  void begin(int width = 1000, int height = 900) {
    open(width, height);
    ASSERT_TRUE(browser->waits_for("!document.querySelector('#consent').hidden"));
    browser->click("#agreed");
    browser->click("#agree button");
    ASSERT_TRUE(browser->waits_for(kIsShown));
  }
  void listen() {
    browser->click("#play");
    ASSERT_TRUE(browser->waits_for("!document.querySelector('#asked').disabled"));
  }
  void choose(const std::string& side) {
    const std::string before = question();
    browser->click(fmt::format("input[value={}]", side));
    browser->click("#next");
    ASSERT_TRUE(browser->waits_for(fmt::format("document.querySelector('#question').dataset.of !== '{}'", before)));
  }
  std::string question() { return browser->run("return document.querySelector('#question').dataset.of ?? ''"); }
  std::vector<Judgment> exported() const {
    const auto result = StudyClient(server->port(), keys.admin).get("/v1/admin/judgments.jsonl");
    write_atomically(folder.path() / "export.jsonl", result->body);
    return read_judgments(folder.path() / "export.jsonl");
  }
  std::string focus() { return browser->run("return document.activeElement.id"); }
  // How far the page is wider than the window.
  int overflow() { return browser->run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"); }

  static constexpr const char* kIsShown = "!document.querySelector('#judge').hidden && document.querySelector('#question').textContent";
  std::optional<Study> made;
  Keys keys;
  std::optional<RunningStudy> server;
  std::optional<Browser> browser;
};

TEST_F(StudyPageTest, LoadsWithoutAComplaintAndFromNowhereElse) {
  begin();
  EXPECT_EQ(browser->run("return performance.getEntriesByType('resource').map(({name}) => name)"
                         ".filter((name) => !name.startsWith(location.origin + '/'))"),
            Json::array());
  EXPECT_THAT(browser->console(), ElementsAre());
  EXPECT_EQ(browser->text("#title"), "A study");
  EXPECT_EQ(browser->text("#place"), "Clip 1 of 4");
}

TEST_F(StudyPageTest, TextsAreShownAsTheyAreAndNothingInThemRuns) {
  begin();
  const Item& item = made->participants[0].items[0];
  EXPECT_EQ(browser->text("#text-left"), made->text_of(item, item.left));
  EXPECT_EQ(browser->text("#text-right"), made->text_of(item, item.right));
  EXPECT_EQ(browser->run("return document.querySelectorAll('article b').length"), 0);
}

TEST_F(StudyPageTest, TheQuestionOpensWhenTheClipWasHeard) {
  begin();
  EXPECT_TRUE(browser->run("return document.querySelector('#asked').disabled").get<bool>());
  EXPECT_FALSE(browser->run("return document.querySelector('#listen').hidden").get<bool>());
  listen();
  EXPECT_TRUE(browser->run("return document.querySelector('#listen').hidden").get<bool>());
  EXPECT_EQ(browser->text("#status"), "The question is open now.");
  EXPECT_EQ(browser->text("#number"), "Question 1 of 5");
}

TEST_F(StudyPageTest, APersonJudgesFromTheConsentToTheFinishCode) {
  begin();
  std::size_t count = 0;
  for (const Item& item : made->participants[0].items) {
    listen();
    for (std::size_t i = 0; i < item.criteria.size(); ++i, ++count) {
      EXPECT_EQ(browser->text("#question"), made->criteria[item.criteria[i]].question);
      const bool is_last = &item == &made->participants[0].items.back() && i + 1 == item.criteria.size();
      const std::string side = item.left == "check" || count % 2 == 0 ? "left" : "right";
      if (count == 1) {
        browser->click("#more summary");
        browser->type("#note", "I liked it <3");
      }
      if (is_last) {
        browser->click(fmt::format("input[value={}]", side));
        browser->click("#next");
      } else {
        choose(side);
      }
    }
  }
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#finished').hidden"));
  EXPECT_EQ(browser->text("#code"), keys.participants.at("p01").finish_code);
  EXPECT_EQ(focus(), "thanks");
  const auto kept = exported();
  ASSERT_EQ(kept.size(), 16);
  EXPECT_EQ(kept[0].choice, kept[0].left);
  EXPECT_EQ(kept[1].choice, kept[1].right);
  EXPECT_EQ(kept[1].note, "I liked it <3");
  EXPECT_EQ(kept[2].note, "");
  EXPECT_THAT(browser->console(), ElementsAre());
}

TEST_F(StudyPageTest, ItGoesOnOnAnotherDevice) {
  begin();
  listen();
  choose("left");
  choose("undecided");
  const std::string before = question();
  open(400, 800);
  ASSERT_TRUE(browser->waits_for(kIsShown));
  EXPECT_EQ(question(), before);
  EXPECT_FALSE(browser->run("return document.querySelector('#asked').disabled").get<bool>()) << "the clip was heard";
  choose("right");
  EXPECT_EQ(exported().size(), 3);
}

TEST_F(StudyPageTest, TwoWindowsDoNotJudgeTwice) {
  begin();
  listen();
  const std::string asked = question();
  StudyClient other(server->port(), keys.participants.at("p01").key);
  const Json next = other.state().at("next");
  other.post("/v1/judgments", {{"item", next.at("item")}, {"criterion", next.at("criterion")}, {"choice", "right"}});
  choose("left");
  EXPECT_NE(question(), asked);
  const auto kept = exported();
  ASSERT_EQ(kept.size(), 1);
  EXPECT_EQ(kept[0].choice, kept[0].right);
  EXPECT_EQ(browser->text("#problem"), "");
}

TEST_F(StudyPageTest, TheKeyboardIsEnough) {
  open();
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#consent').hidden"));
  browser->run("document.querySelector('#agreed').focus()");
  browser->press({" ", "Tab", "Enter"});
  ASSERT_TRUE(browser->waits_for(kIsShown));
  EXPECT_EQ(focus(), "clip-title");
  browser->press({"Tab"});
  EXPECT_EQ(focus(), "play");
  browser->press({"Tab", " "});
  EXPECT_EQ(focus(), "roll");
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#asked').disabled"));
  const std::string before = question();
  browser->press({"Tab", " ", "ArrowDown", "ArrowDown", "Tab", "Tab"});
  EXPECT_EQ(browser->run("return document.querySelector('#answer input:checked').value"), "undecided");
  EXPECT_EQ(focus(), "next");
  browser->press({"Enter"});
  ASSERT_TRUE(browser->waits_for(fmt::format("document.querySelector('#question').dataset.of !== '{}'", before)));
  EXPECT_EQ(focus(), "question");
  EXPECT_EQ(exported().at(0).choice, "undecided");
}

TEST_F(StudyPageTest, ItFitsANarrowWindow) {
  browser.emplace(320, 640);
  browser->command("Emulation.setDeviceMetricsOverride", {{"width", 320}, {"height", 640}, {"deviceScaleFactor", 1}, {"mobile", true}});
  browser->open(link());
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#consent').hidden"));
  EXPECT_EQ(browser->run("return innerWidth"), 320);
  EXPECT_LE(overflow(), 0);
  browser->click("#agreed");
  browser->click("#agree button");
  ASSERT_TRUE(browser->waits_for(kIsShown));
  EXPECT_LE(overflow(), 0);
  listen();
  choose("left");
  EXPECT_LE(overflow(), 0);
  EXPECT_EQ(browser->run(
                "return [...document.querySelectorAll('button, .choice')].filter((e) => e.offsetHeight > 0 && e.offsetHeight < 44).length"),
            0);
}

TEST_F(StudyPageTest, EverythingHasANameForScreenReaders) {
  begin();
  browser->command("Accessibility.enable", Json::object());
  EXPECT_EQ(browser->run("return document.querySelector('#asked').querySelector('legend').textContent").get<std::string>(),
            made->criteria[0].question);
  EXPECT_EQ(browser->run("return [...document.querySelectorAll('button, input, textarea, canvas[tabindex], progress')].filter((e) =>"
                         "!(e.textContent.trim() || e.labels?.[0]?.textContent.trim() || e.getAttribute('aria-label') ||"
                         "document.getElementById(e.getAttribute('aria-labelledby')))).map((e) => e.id)"),
            Json::array());
  EXPECT_THAT(browser->run("return document.querySelector('#roll').getAttribute('aria-label')").get<std::string>(), HasSubstr("4 notes"));
  EXPECT_EQ(browser->run("return document.documentElement.lang"), "en");
}

TEST_F(StudyPageTest, ALinkThatIsNotValidIsTold) {
  browser.emplace(800, 600);
  browser->open(fmt::format("http://127.0.0.1:{}/#wrong", server->port()));
  ASSERT_TRUE(browser->waits_for("document.querySelector('#problem').textContent.includes('not valid')"));
  browser->open(fmt::format("http://127.0.0.1:{}/", server->port()));
  ASSERT_TRUE(browser->waits_for("document.querySelector('#problem').textContent.includes('personal link')"));
}

TEST_F(StudyPageTest, WhatIsAnsweredWhileTheServerIsAwayIsSentWhenItIsBack) {
  begin();
  listen();
  const std::string before = question();
  // Its next three requests are not answered.
  browser->run(
      "const real = fetch; let left = 3; window.tries = 0;"
      "window.fetch = (...given) => (++window.tries, left-- > 0 ? Promise.reject(new TypeError('away')) : real(...given));");
  browser->click("input[value=left]");
  browser->click("#next");
  ASSERT_TRUE(browser->waits_for("document.querySelector('#problem').textContent.includes('does not answer')"));
  ASSERT_TRUE(browser->waits_for(fmt::format("document.querySelector('#question').dataset.of !== '{}'", before)));
  EXPECT_EQ(browser->text("#problem"), "");
  EXPECT_EQ(exported().size(), 1);
}

TEST_F(StudyPageTest, TheAdminSeesProgressAndDownloads) {
  begin();
  listen();
  choose("left");
  browser->open(fmt::format("http://127.0.0.1:{}/admin", server->port()));
  browser->type("#key", "wrong");
  browser->click("#open button");
  ASSERT_TRUE(browser->waits_for("document.querySelector('#problem').textContent.includes('refused')"));
  browser->run("document.querySelector('#key').value = ''");
  browser->type("#key", keys.admin);
  browser->click("#open button");
  ASSERT_TRUE(browser->waits_for("!document.querySelector('#overview').hidden"));
  EXPECT_EQ(browser->text("#total"), "1 of 16 questions answered");
  EXPECT_EQ(browser->run("return document.querySelector('#participants a').href"), link());
  browser->run(
      "URL.createObjectURL = (blob) => (blob.text().then((text) => { window.saved = text; }), 'data:,');"
      "HTMLAnchorElement.prototype.click = function () { window.name_of_file = this.download; };");
  browser->click("#csv");
  ASSERT_TRUE(browser->waits_for("window.saved"));
  EXPECT_THAT(browser->run("return window.saved").get<std::string>(), HasSubstr("p01-001"));
  EXPECT_EQ(browser->run("return window.name_of_file"), "judgments.csv");
}

}  // namespace
}  // namespace midillama::study
