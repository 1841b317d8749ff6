#include "midillama/corpus/abc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::corpus {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kBook =
    "Some words before the first tune\r\n"
    "\r\n"
    "X: 7\r\n"
    "T:The Test Reel % not its real name\r\n"
    "R: reel\r\n"
    "M:C|\r\n"
    "L:1/8\r\n"
    "K:Gmix % as sung\r\n"
    "\"Am\"G>A ~B2 {c}d.e|vd2 ug2 A:|\r\n"
    "\r\n"
    "words between\r\n"
    "X:8\r\n"
    "M:6/8\r\n"
    "K:D\r\n"
    "DEF [M:9/8] GAB|\r\n"
    "X:9\r\n"
    "K:C\r\n"
    "CDE|\r\n";

TEST(Abc, SplitsABookIntoTunes) {
  const auto tunes = parse_tunebook(kBook, "book.abc");
  ASSERT_EQ(tunes.size(), 3u);
  EXPECT_EQ(tunes[0].number, "7");
  EXPECT_EQ(tunes[0].line, 3u);
  EXPECT_EQ(tunes[1].line, 12u);
  EXPECT_EQ(tunes[2].number, "9");
  EXPECT_EQ(tunes[1].lines.size(), 4u);
}

TEST(Abc, FieldsRunToTheEndOfTheirLineWithoutComments) {
  const auto tune = parse_tunebook(kBook, "book.abc").at(0);
  EXPECT_EQ(tune.field('T'), "The Test Reel");
  EXPECT_EQ(tune.field('K'), "Gmix");
  EXPECT_EQ(tune.field('Q'), "");
}

TEST(Abc, InlineFieldsCount) {
  const auto tunes = parse_tunebook(kBook, "book.abc");
  EXPECT_EQ(tunes[0].distinct_values('M'), 1u);
  EXPECT_EQ(tunes[1].distinct_values('M'), 2u);
  EXPECT_EQ(tunes[0].distinct_values('Q'), 0u);
}

TEST(Abc, ARepeatBehindANoteIsNoField) {
  const auto tune = parse_tunebook("X:1\nK:D\nA:|\nd::\n", "book.abc").at(0);
  EXPECT_EQ(tune.field('A'), "");
  EXPECT_EQ(bare_melody(tune), "X:1\nK:D\nA:|\nd::\n");
}

TEST(Abc, TheBareMelodyHoldsNothingThatNamesTheTune) {
  const auto melody = bare_melody(parse_tunebook(kBook, "book.abc").at(0));
  EXPECT_EQ(melody, "X:1\nM:C|\nL:1/8\nK:Gmix\nG>A B2 {c}de|d2 g2 A:|\n");
}

TEST(Abc, TheBareMelodyKeepsChangesOfMeterAndKey) {
  const auto tune = parse_tunebook("X:1\nK:D\nDEF [M:9/8][R:jig] GAB|\nK:G\n[GB]d|\n", "book.abc").at(0);
  EXPECT_EQ(bare_melody(tune), "X:1\nK:D\nDEF [M:9/8] GAB|\nK:G\n[GB]d|\n");
}

TEST(Abc, ATempoNeedsABeat) {
  const auto with = [](const char* tempo) {
    return bare_melody(parse_tunebook(std::string("X:1\nQ:") + tempo + "\nK:D\nd|\n", "book.abc").at(0));
  };
  EXPECT_THAT(with("3/8=120 \"Fast\""), HasSubstr("Q:3/8=120"));
  EXPECT_THAT(with("3/8=120 \"Fast\""), Not(HasSubstr("Fast")));
  EXPECT_THAT(with("80"), Not(HasSubstr("Q:")));
  EXPECT_THAT(with("\"Slowly\""), Not(HasSubstr("Q:")));
}

TEST(Abc, PartOrdersStayInTheHeader) {
  EXPECT_THAT(bare_melody(parse_tunebook("X:1\nP:AABB\nK:D\nP:A\nd|\n", "book.abc").at(0)), HasSubstr("P:AABB\n"));
  EXPECT_THAT(bare_melody(parse_tunebook("X:1\nP:Modern Version.\nK:D\nd|\n", "book.abc").at(0)), Not(HasSubstr("P:")));
}

TEST(Abc, AllValuesOfAFieldThatIsThereTwice) {
  const auto tune = parse_tunebook("X:1\nO:Ireland\nO:\nO:Scotland\nK:D\nDEF|\n", "book.abc").at(0);
  EXPECT_EQ(tune.all_of('O'), "Ireland; Scotland");
  EXPECT_EQ(tune.all_of('R'), "");
}

// Kind C25.
TEST(Abc, ABlockOfTextIsNoTune) {
  const auto tunes = parse_tunebook("X:1\nK:G\nGAB|\n%%begintext\nX:99\n\nK:C\nCDE|\n%%endtext\nd2|\n", "book.abc");
  ASSERT_EQ(tunes.size(), 1u);
  EXPECT_EQ(tunes[0].field('K'), "G");
  EXPECT_EQ(bare_melody(tunes[0]), "X:1\nK:G\nGAB|\nd2|\n");
  EXPECT_TRUE(parse_tunebook("%% BeginText obeylines\nX:1\nK:G\n%%EndText\n", "book.abc").empty());
}

// A tune must not be lost to what only looks like the beginning of a block.
TEST(Abc, ABlockWithoutItsEndTakesNothingAway) {
  const std::string tunes = "X:1\nK:G\nGAB|\n\nX:2\nK:D\nDEF|\n";
  for (const char* begin : {"%%begintext\n", "%%begintextfont Times\n", "%%beginps\nX is no end: %%endtext\n", "%%begin\n%%end\n"}) {
    EXPECT_EQ(parse_tunebook(begin + tunes, "book.abc").size(), 2u) << begin;
  }
  const auto after = parse_tunebook("%%begintext\nX:9\n%%endtext\n" + tunes, "book.abc");
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0].line, 4u);
}

// Kind C20.
TEST(Abc, AFilesHeaderHoldsForItsTunes) {
  const auto tunes = parse_tunebook(
      "%abc-2.1\nM:6/8 % jigs\nL:1/16\nO:Ireland\nT:no title\nO:Clare\n\nX:1\nK:D\nDEF|\n\n"
      "X:2\nM:9/8\nO:Wales\nK:G\nGAB|\nL:1/4\n",
      "book.abc");
  ASSERT_EQ(tunes.size(), 2u);
  EXPECT_EQ(tunes[0].all_of('M'), "6/8");
  EXPECT_TRUE(tunes[0].holds_throughout('M'));
  EXPECT_EQ(tunes[0].all_of('O'), "Ireland; Clare");
  EXPECT_EQ(tunes[0].field('T'), "");
  EXPECT_EQ(bare_melody(tunes[0]), "X:1\nM:6/8\nL:1/16\nK:D\nDEF|\n");
  EXPECT_EQ(tunes[1].all_of('M'), "9/8");
  EXPECT_EQ(tunes[1].all_of('O'), "Wales");
  EXPECT_EQ(bare_melody(tunes[1]), "X:1\nL:1/16\nM:9/8\nK:G\nGAB|\nL:1/4\n");
  EXPECT_EQ(tunes[1].line, 12u);
}

TEST(Abc, OnlyABlockAtTheBeginningIsAFilesHeader) {
  for (const char* text : {"Tunes\nM:6/8\n\nX:1\nK:D\nD|\n", "I:x\n\nM:6/8\n\nX:1\nK:D\nD|\n", "X:2\nM:6/8\nK:D\nD|\n\nX:1\nK:D\nD|\n"}) {
    EXPECT_EQ(parse_tunebook(text, "book.abc").back().field('M'), "") << text;
  }
}

// Kind C20.
TEST(Abc, AnIndentedTuneIsOne) {
  const auto tunes = parse_tunebook("  X:1\n  K:G\n\tGAB|\n \t\n\tX:2\n\tK:D\n\tDEF|\n", "book.abc");
  ASSERT_EQ(tunes.size(), 2u);
  EXPECT_EQ(bare_melody(tunes[1]), "X:1\nK:D\nDEF|\n");
}

TEST(Abc, NoTunesInOtherText) {
  EXPECT_TRUE(parse_tunebook("", "book.abc").empty());
  EXPECT_TRUE(parse_tunebook("T:no number\nK:C\nCDE|\n", "book.abc").empty());
}

TEST(Abc, AFieldHoldsThroughoutFromTheFirstNoteOn) {
  const auto holds = [](const char* text, char letter) { return parse_tunebook(text, "book.abc").at(0).holds_throughout(letter); };
  EXPECT_TRUE(holds("X:1\nM:6/8\nK:D\nDEF|\n", 'M'));
  EXPECT_TRUE(holds("X:1\nK:D\nM:6/8\nDEF|\n", 'M'));
  EXPECT_FALSE(holds("X:1\nK:D\nDEF|\nM:6/8\nGAB|\n", 'M'));
  EXPECT_FALSE(holds("X:1\nK:D\nDEF|[Q:1/4=60]GAB|\n", 'Q'));
  EXPECT_FALSE(holds("X:1\nM:6/8\nK:D\nDEF|[M:9/8]GAB|\n", 'M'));
}

}  // namespace
}  // namespace midillama::corpus
