#include "midillama/net/robots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::net {
namespace {

using testing::DoubleEq;
using testing::Optional;

Robots robots(std::string_view text) {
  return {text, "midillama"};
}

TEST(Robots, ThereIsNoneOrItSaysNothing) {
  EXPECT_TRUE(Robots().allows("/w/api.php"));
  for (const char* text : {"", "\n\n", "nonsense", "User-agent: *\nDisallow:\n", "Disallow: /\n"})
    EXPECT_TRUE(robots(text).allows("/w/api.php")) << text;
}

TEST(Robots, TheGroupOfTheProgramComesBeforeThatOfAll) {
  const char* text =
      "User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /w/\n\nUser-agent: another\nUser-Agent: MidiLlama\nDisallow: /private/\n";
  EXPECT_TRUE(robots(text).allows("/w/api.php"));
  EXPECT_FALSE(robots(text).allows("/private/x"));
  EXPECT_FALSE(Robots(text, "third").allows("/w/api.php"));
  EXPECT_TRUE(Robots(text, "third").allows("/private/x"));
  EXPECT_FALSE(Robots(text, "other").allows("/"));
}

TEST(Robots, OnlyTheNameOfAUserAgentCounts) {
  for (const char* agent :
       {"midillama/1.0", "MidiLlama/0.1 (https://example.org)", "midillama 1.0", "midillama; x", "midillama (a remark)"}) {
    const std::string text = std::string("User-agent: ") + agent + "\nDisallow: /\n\nUser-agent: *\nAllow: /\n";
    EXPECT_FALSE(robots(text).allows("/w/api.php")) << agent;
    EXPECT_FALSE(Robots(text, "midillama/0.1.0").allows("/w/api.php")) << agent;
  }
  for (const char* agent : {"midillama2", "midi", "midi/llama", "midillama-news", "not midillama", "/midillama", ""}) {
    const std::string text = std::string("User-agent: ") + agent + "\nDisallow: /\n";
    EXPECT_TRUE(robots(text).allows("/w/api.php")) << agent;
  }
}

TEST(Robots, GroupsOfOneNameAreOne) {
  const Robots both = robots("User-agent: *\nDisallow: /a\nCrawl-delay: 2\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /b\n");
  EXPECT_FALSE(both.allows("/a"));
  EXPECT_FALSE(both.allows("/b"));
  EXPECT_TRUE(both.allows("/c"));
  EXPECT_THAT(both.crawl_delay(), Optional(DoubleEq(2)));
}

TEST(Robots, TheLongestRuleDecides) {
  const Robots wiki = robots("User-agent: *\nAllow: /w/api.php?action=query&\nDisallow: /w/\nDisallow: /x\nAllow: /x\n");
  EXPECT_TRUE(wiki.allows("/w/api.php?action=query&list=search"));
  EXPECT_FALSE(wiki.allows("/w/api.php?action=parse&page=A"));
  EXPECT_FALSE(wiki.allows("/w/index.php"));
  EXPECT_TRUE(wiki.allows("/wiki/A"));
  EXPECT_TRUE(wiki.allows("/x")) << "of two of one length the one that allows";
}

TEST(Robots, StarsAndEnds) {
  const Robots some = robots("User-agent: *\nDisallow: /*?*secret\nDisallow: /*.php$\nDisallow: /only$\nDisallow: /a*b*c\n");
  EXPECT_FALSE(some.allows("/w/api.php?x=1&secret=2"));
  EXPECT_TRUE(some.allows("/w/api.php?x=1"));
  EXPECT_FALSE(some.allows("/w/api.php"));
  EXPECT_FALSE(some.allows("/w/api.php/x.php"));
  EXPECT_FALSE(some.allows("/only"));
  EXPECT_TRUE(some.allows("/only/"));
  EXPECT_FALSE(some.allows("/aXbYc and more"));
  EXPECT_TRUE(some.allows("/aXcYb"));
  EXPECT_FALSE(robots("User-agent: *\nDisallow: *\n").allows("/"));
}

TEST(Robots, SpellingsOfTheFile) {
  EXPECT_FALSE(robots("\xef\xbb\xbfUSER-AGENT :*\r\n  disallow:\t/w/  # all of it\r\nSitemap: http://a/b\r\n").allows("/w/api.php"));
  EXPECT_FALSE(robots("User-agent: *\rDisallow: /w/").allows("/w/api.php"));
  for (const char* delay : {"soon", "-1", "", "inf", "1s"})
    EXPECT_EQ(robots(std::string("User-agent: *\nCrawl-delay: ") + delay).crawl_delay(), std::nullopt) << delay;
  EXPECT_TRUE(robots("User-agent: *\n" + std::string(600 << 10, '#') + "\nDisallow: /\n").allows("/"));
}

}  // namespace
}  // namespace midillama::net
