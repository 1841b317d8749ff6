#include "midillama/pages/page.h"

#include "pages/markup.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::pages {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "</script><img src=x onerror=alert(1)> & \"two\" 'one' \u2028";

// What the page's script reads.
Json data_in(const std::string& html) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const auto from = html.find(begin) + begin.size();
  return Json::parse(html.substr(from, html.find("</script>", from) - from));
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

Page page_with_example(const std::string& text) {
  Page page{.title = text, .subtitle = text};
  page.examples.clips["a.mid"] = {{"duration", 1.0}};
  page.examples.items.push_back({.id = text,
                                 .task = text,
                                 .tags = {text},
                                 .clip = "a.mid",
                                 .earlier = {{text, text}},
                                 .question = text,
                                 .reference = text,
                                 .answers = {{text, text, Verdict::wrong, text}, {"b", "", Verdict::right}, {"c", ""}}});
  return page;
}

TEST(Markup, TextIsEscapedInElementsAndAttributes) {
  EXPECT_EQ(escaped("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(escaped("a\xff"), "a\uFFFD");
  EXPECT_EQ(escaped("Gymnopédie №1"), "Gymnopédie №1");
}

TEST(Markup, JsonEndsNoScript) {
  EXPECT_EQ(script_json("</script><!--"), "\"\\u003c/script>\\u003c!--\"");
  EXPECT_EQ(Json::parse(script_json(kHostile)), kHostile);
}

TEST(Page, HasItsBlocksInOrder) {
  Page page{.title = "A & B", .subtitle = "of <today>"};
  page.sections.push_back({"Tables",
                           {Paragraph{"Some words."}, Paragraph{"No evaluation yet.", true},
                            Table{"Accuracy", {"System", "key"}, {{{"music"}, {"0.5", "[0.4, 0.6]", 0.5}}}},
                            Figure{"<svg><text>loss</text></svg>", "The loss falls."}, Code{"Configuration", "a: <b>\n"}}});
  const std::string html = to_html(page);
  EXPECT_THAT(html, AllOf(HasSubstr("<title>A &amp; B</title>"), HasSubstr("<h1>A &amp; B</h1>"), HasSubstr("of &lt;today&gt;"),
                          HasSubstr("<a href=\"#section-1\">Tables</a>"), HasSubstr("<p>Some words.</p>"),
                          HasSubstr("<p class=\"notice\">No evaluation yet.</p>"), HasSubstr("<th scope=\"col\">key</th>"),
                          HasSubstr("<th scope=\"row\">music</th>"), HasSubstr("0.5 <small>[0.4, 0.6]</small>"), HasSubstr("width: 50.0%"),
                          HasSubstr("aria-label=\"The loss falls.\"><svg><text>loss</text></svg>")));
  EXPECT_THAT(html, HasSubstr("<code>a: &lt;b&gt;\n</code>"));
  EXPECT_THAT(html, Not(HasSubstr("<script"))) << "without examples there is nothing to run";
}

TEST(Page, LoadsNothing) {
  std::string html = to_html(page_with_example("x"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_EQ(count_of(html, "http"), 1u) << "but http-equiv";
  EXPECT_EQ(count_of(html, "src="), 0u);
  EXPECT_EQ(count_of(html, "onclick"), 0u);
}

TEST(Page, HostileTextsStayTexts) {
  Page page = page_with_example(kHostile);
  page.sections.push_back(
      {kHostile,
       {Paragraph{kHostile}, Table{kHostile, {kHostile}, {{{kHostile, kHostile}}}}, Figure{"<svg/>", kHostile}, Code{kHostile, kHostile}}});
  page.examples.blocks.push_back(Paragraph{kHostile});
  const std::string html = to_html(page);
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_EQ(count_of(html, "</script>"), 3u) << "the import map, the data, the module";
  const Json data = data_in(html), item = data.at("items").at(0);
  EXPECT_EQ(item.at("question"), kHostile);
  EXPECT_EQ(item.at("answers").at(0).at("text"), kHostile);
  EXPECT_EQ(item.at("answers").at(0).at("note"), kHostile);
  EXPECT_EQ(item.at("earlier").at(0).at("answer"), kHostile);
  EXPECT_EQ(data.at("systems").at(0), kHostile);
}

TEST(Page, NamesAndClipsAreThereOnce) {
  Page page = page_with_example("x");
  page.examples.items.push_back(page.examples.items.front());
  page.examples.items.back().clip = "lost.mid";
  const Json data = data_in(to_html(page));
  EXPECT_EQ(data.at("systems"), Json({"x", "b", "c"}));
  EXPECT_EQ(data.at("clips").size(), 1u);
  EXPECT_EQ(data.at("items").at(0).at("clip"), 0);
  EXPECT_FALSE(data.at("items").at(1).contains("clip")) << "it cannot be heard";
  EXPECT_EQ(data.at("items").at(1).at("answers").at(0).at("verdict"), "wrong");
  EXPECT_EQ(data.at("items").at(1).at("answers").at(1).at("verdict"), "right");
  EXPECT_EQ(data.at("items").at(1).at("answers").at(2).at("verdict"), "");
}

TEST(Page, ATableWithAShortRowIsAMistake) {
  const Page page{.title = "t", .sections = {{"s", {Table{"A table", {"a", "b"}, {{{"only one"}}}}}}}};
  EXPECT_THAT(testing_support::error_of([&] { to_html(page); }), HasSubstr("\"A table\""));
}

TEST(Page, IsWrittenWhole) {
  const TemporaryDirectory folder;
  write_page({.title = "t"}, folder.path() / "new/page.html");
  EXPECT_EQ(read_text(folder.path() / "new/page.html"), to_html({.title = "t"}));
}

TEST(Page, IsNotWrittenOverAnotherFile) {
  const TemporaryDirectory folder;
  const auto config = folder.path() / "config.yaml", page = folder.path() / "page.html";
  write_atomically(config, "run: {seed: 1}\n");
  EXPECT_THAT(testing_support::error_of([&] { write_page({.title = "t"}, config); }),
              HasSubstr("config.yaml: is there already and is no page"));
  EXPECT_EQ(read_text(config), "run: {seed: 1}\n");
  write_page({.title = "one"}, page);
  write_page({.title = "two"}, page);
  EXPECT_EQ(read_text(page), to_html({.title = "two"}));
}

}  // namespace
}  // namespace midillama::pages
