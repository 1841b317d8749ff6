#include "midillama/works/page_text.h"

#include "works/html_text.h"

#include <gtest/gtest.h>

namespace midillama::works {
namespace {

TEST(FirstSentence, EndsWhereSentencesDo) {
  const auto first = [](std::string_view text) { return first_sentence_of(text, "Le Cygne"); };
  EXPECT_EQ(first("By Op. 9, No. 2 of J. S. Bach (d. 1750. Who?). And more."), "By Op. 9, No. 2 of J. S. Bach (d. 1750. Who?).");
  EXPECT_EQ(first("In E min. by him, and \u201cVive!\u201d by her! Now"), "In E min. by him, and \u201cVive!\u201d by her!");
  EXPECT_EQ(first("Le Cygne means:\none"), "Le Cygne means:");
  EXPECT_EQ(first("Le Cygne: a piece. More"), "Le Cygne: a piece.");
  EXPECT_EQ(first("Le Cygne:\none"), "Le Cygne:");
  EXPECT_EQ(first("Le Cygne\n\u2022 one"), "Le Cygne");
  EXPECT_EQ(first("\u4e00\u3002\u4e8c"), "\u4e00\u3002");
  for (const char* all : {"", "no end", "(never closed. It goes on", "a line\nand another"}) EXPECT_EQ(first(all), all);
}

TEST(PageText, AnOpeningEndsAtTheFirstHeading) {
  EXPECT_EQ(opening_of("A slow waltz.\n\nBy Satie.\n\n\n== Form ==\nMore."), "A slow waltz.\nBy Satie.");
  EXPECT_EQ(opening_of("== Form ==\nFirst.\n=== Part ===\nMore."), "First.");
  EXPECT_EQ(opening_of("a == b =="), "a == b ==");
  EXPECT_EQ(opening_of(""), "");
  std::string accents;
  for (int i = 0; i < 1200; ++i) accents += "é";
  EXPECT_EQ(opening_of(accents).size(), 2 * kLongestOpening);
}

TEST(PageText, IsTidied) {
  EXPECT_EQ(tidy_text("\n\n A \t\nb\r\n\n\n\n\n== C ==\n  d\n\n"), "A\nb\n\n== C ==\n  d");
  EXPECT_EQ(tidy_text("a\xff"), "a\uFFFD");
  EXPECT_EQ(tidy_text(" \n "), "");
}

TEST(PageText, IsCutBetweenLinesOrWords) {
  EXPECT_EQ(cut_text("one\ntwo", 7), "one\ntwo");
  EXPECT_EQ(cut_text("one\ntwo three", 9), "one");
  EXPECT_EQ(cut_text("one two three", 9), "one two");
  EXPECT_EQ(cut_text("éééé", 2), "éé");
  EXPECT_EQ(cut_text("\nabcd", 3), "\nab");
}

TEST(HtmlText, IsWhatAReaderSees) {
  EXPECT_EQ(text_of_html("<div class=\"mw-parser-output\"><p><b>Clair de lune</b> is\nby <a href=\"/w/x\">Debussy</a>.<sup id=\"c\" "
                         "class=\"reference\"><a>&#91;1&#93;</a></sup>\n</p><!-- \nlimit > report -->\n<h2><span class=\"mw-headline\" "
                         "id=\"Form\">Form</span></h2><ul><li>one</li>\n<li>two &amp; &#x266F;</li></ul></div>"),
            "Clair de lune is by Debussy.\n\n== Form ==\n\none\ntwo & ♯");
}

TEST(HtmlText, TablesFiguresAndScriptsAreLeftOut) {
  EXPECT_EQ(text_of_html("<p>a</p><table class=\"x\"><tr><td>1<table><tr><td>2</td></tr></table></td></tr></table><style>p{}</style>"
                         "<script>if (a<b) x</script><p>b</p><div class=\"hatnote navigation\">not <div>this</div> one</div><p>c"),
            "a\n\nb\n\nc");
}

TEST(HtmlText, WhatIsNoHtmlIsText) {
  EXPECT_EQ(text_of_html("a < b & c &nothing; <3 d"), "a < b & c &nothing; <3 d");
  EXPECT_EQ(text_of_html("x <p"), "x <p");
  EXPECT_EQ(text_of_html("<p title=\"a>b\">x</p"), "x</p");
  EXPECT_EQ(text_of_html("&#0;&#xD800;&#99999999999;"), "&#0;&#xD800;&#99999999999;");
  EXPECT_EQ(text_of_html("<!-- x"), "");
  EXPECT_EQ(text_of_html("<table>a"), "");
  EXPECT_EQ(text_of_html("<"), "<");
}

}  // namespace
}  // namespace midillama::works
