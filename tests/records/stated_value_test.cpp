#include "midillama/records/stated_value.h"

#include "midillama/core/error.h"

#include <gtest/gtest.h>

namespace midillama::records {
namespace {

using Fact = std::optional<std::string>;

Fact stated_fact(std::string_view tag, std::string_view text) {
  static const auto tags = read_tags(kFolkTags);
  return stated_value(tags.at(tag), text);
}

TEST(StatedFact, Keys) {
  EXPECT_EQ(stated_fact("key", "It is in G major."), "G major");
  EXPECT_EQ(stated_fact("key", "in g MAJOR"), "G major");
  EXPECT_EQ(stated_fact("key", "The key is F# minor"), "F sharp minor");
  EXPECT_EQ(stated_fact("key", "F-sharp minor, I think"), "F sharp minor");
  EXPECT_EQ(stated_fact("key", "a tune in Bb maj"), "B flat major");
  EXPECT_EQ(stated_fact("key", "E\xe2\x99\xad minor"), "E flat minor");
  EXPECT_EQ(stated_fact("key", "It's A mixolydian."), "A mixolydian");
  EXPECT_EQ(stated_fact("key", "in a minor"), "A minor");
}

TEST(StatedFact, NoKeyWhereNoTonicIsNamed) {
  EXPECT_EQ(stated_fact("key", "It is in a minor key."), Fact());
  EXPECT_EQ(stated_fact("key", "a major third above"), Fact());
  EXPECT_EQ(stated_fact("key", "The key is G."), Fact());
  EXPECT_EQ(stated_fact("key", "H minor"), Fact());
  EXPECT_EQ(stated_fact("key", ""), Fact());
}

TEST(StatedFact, AnArticleDoesNotHideTheKeyBehindIt) {
  EXPECT_EQ(stated_fact("key", "in a minor key, namely D minor"), "D minor");
}

TEST(StatedFact, Meters) {
  EXPECT_EQ(stated_fact("meter", "The meter is 6/8."), "6/8");
  EXPECT_EQ(stated_fact("meter", "6 / 8 time"), "6/8");
  EXPECT_EQ(stated_fact("meter", "12/8"), "12/8");
  EXPECT_EQ(stated_fact("meter", "in common time"), "4/4");
  EXPECT_EQ(stated_fact("meter", "It is in cut time."), "2/2");
  for (const char* text : {"2+3/4", "2+2+3/8", "4/4/4", "on 3/4/2020", "of uncommon time"})
    EXPECT_EQ(stated_fact("meter", text), Fact()) << text;
  for (const char* text : {"and/or", "6/7", "/8", "6/", "1000/4", ""}) EXPECT_EQ(stated_fact("meter", text), Fact()) << text;
}

TEST(StatedFact, TheLongestDanceAtAWord) {
  EXPECT_EQ(stated_fact("dance", "This is a slip jig."), "slip jig");
  EXPECT_EQ(stated_fact("dance", "This is a jig."), "jig");
  EXPECT_EQ(stated_fact("dance", "Two Reels"), "reel");
  EXPECT_EQ(stated_fact("dance", "some waltzes"), "waltz");
  EXPECT_EQ(stated_fact("dance", "a double jig"), "jig");
}

// Kind B27: in answers as in labels, a place is matched whole.
TEST(StatedFact, ANameWithinALongerOneIsNone) {
  for (const char* text : {"It comes from New England.", "New South Wales", "from Northern Ireland", "a tune from South America"})
    EXPECT_EQ(stated_fact("origin", text), Fact()) << text;
  EXPECT_EQ(stated_fact("origin", "a new English tune"), "England");
  EXPECT_EQ(stated_fact("origin", "From New England, not Scotland"), "Scotland");
}

TEST(StatedFact, TheFirstOfSeveral) {
  EXPECT_EQ(stated_fact("dance", "A reel or a jig"), "reel");
  EXPECT_EQ(stated_fact("key", "G major, then D major"), "G major");
}

TEST(StatedFact, WordsAreWhole) {
  EXPECT_EQ(stated_fact("dance", "The reelection jigsaw"), Fact());
  EXPECT_EQ(stated_fact("register", "A slow flow below"), Fact());
  EXPECT_EQ(stated_fact("register", "the low register"), "low");
}

TEST(StatedFact, CountriesAndTheirPeople) {
  EXPECT_EQ(stated_fact("origin", "It was collected in the United States."), "United States");
  EXPECT_EQ(stated_fact("origin", "An Irish tune"), "Ireland");
}

TEST(StatedFact, TheClassesWordsDoNotMix) {
  const std::string text = "At a moderate tempo, with a medium flow of notes in the middle register.";
  EXPECT_EQ(stated_fact("tempo", text), "moderate");
  EXPECT_EQ(stated_fact("density", text), "medium");
  EXPECT_EQ(stated_fact("register", text), "middle");
}

TEST(StatedFact, RefusesOtherTags) {
  EXPECT_THROW(stated_fact("mood", "sad"), UsageError);
}

Fact stated_number(const char* text) {
  Tag tag;
  tag.name = "tempo";
  tag.kind = "number";
  tag.units = {"bpm", "beats per minute"};
  return stated_value(tag, text);
}

TEST(StatedValue, NumbersCountWithTheirUnit) {
  EXPECT_EQ(stated_number("Bar 4 moves at 72 BPM."), "72");
  EXPECT_EQ(stated_number("about 60.5 beats per minute"), "60.5");
  EXPECT_EQ(stated_number("in 1,200bpm"), "1200");
  for (const char* text : {"", "bpm", "72", "72 bpms are", "3/4 time, 1,", "72.", "..."}) EXPECT_EQ(stated_number(text), Fact()) << text;
}

TEST(StatedValue, NumbersAgreeWithinTheirTolerance) {
  Tag tag;
  tag.kind = "number";
  EXPECT_FALSE(same_value(tag, "73", "72"));
  tag.tolerance = 0.05;
  EXPECT_TRUE(same_value(tag, "73", "72"));
  EXPECT_FALSE(same_value(tag, "80", "72"));
  tag.kind = "closed";
  EXPECT_FALSE(same_value(tag, "73", "72"));
}

TEST(StatedValue, AllOfATextAreFoundInOrder) {
  const auto tags = read_tags(kFolkTags);
  const auto all = [&](std::string_view tag, std::string_view text) { return stated_values(tags.at(tag), text); };
  using Values = std::vector<std::string>;
  EXPECT_EQ(all("dance", "A slip jig, or two reels; a jig?"), (Values{"slip jig", "reel", "jig"})) << "a slip jig's jig is none";
  EXPECT_EQ(all("key", "From G major to F# minor, a minor key."), (Values{"G major", "F sharp minor"}));
  EXPECT_EQ(all("meter", "6/8, then 3 / 4 and cut time"), (Values{"6/8", "3/4", "2/2"}));
  EXPECT_EQ(all("origin", "New England, England and Wales"), (Values{"England", "Wales"}));
  EXPECT_EQ(all("dance", "A tune."), Values());
  Tag tempo;
  tempo.kind = "number";
  tempo.units = {"bpm"};
  EXPECT_EQ(stated_values(tempo, "72 bpm in bar 4, then 90 bpm"), (Values{"72", "90"}));
}

// Letters of any script have two cases, and an accent may be a character of its own.
TEST(StatedValue, WordsOfAnyScriptInAnyCase) {
  const auto tags =
      parse_tags("tags: [{name: place, kind: closed, values: [{value: Österreich}, {value: Россия}, {value: Straße}]}]", "tags.yaml");
  const auto said = [&](std::string_view text) { return stated_value(tags.at("place"), text); };
  EXPECT_EQ(said("from öSTERREICH"), "Österreich");
  EXPECT_EQ(said("from O\xcc\x88sterreich"), "Österreich");
  EXPECT_EQ(said("РОССИЯ"), "Россия");
  EXPECT_EQ(said("STRASSE"), "Straße");
  EXPECT_EQ(said("from North Österreich"), Fact());
}

TEST(StatedValue, FreeTextStatesNothing) {
  Tag tag;
  tag.kind = "text";
  EXPECT_EQ(stated_value(tag, "Written for a friend."), Fact());
}

}  // namespace
}  // namespace midillama::records
