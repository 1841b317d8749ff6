#include "midillama/corpus/labels.h"

#include "midillama/corpus/collections.h"

#include <gtest/gtest.h>

namespace midillama::corpus {
namespace {

using Label = std::optional<std::string>;

const records::Tag& folk_tag(const char* name) {
  static const auto tags = records::read_tags(records::kFolkTags);
  return tags.at(name);
}

Label dance_label(std::string_view rhythm, std::string_view meter) {
  return value_in_label(folk_tag("dance"), rhythm, meter);
}
Label dance_of_title(std::string_view title, std::string_view meter) {
  return value_at_end(folk_tag("dance"), title, meter);
}
Label country_label(std::string_view field) {
  return place_label(folk_tag("origin"), field);
}

TEST(Labels, KeysAreSpelledOut) {
  EXPECT_EQ(key_label("G"), "G major");
  EXPECT_EQ(key_label(" Bb"), "B flat major");
  EXPECT_EQ(key_label("F#m"), "F sharp minor");
  EXPECT_EQ(key_label("Edor"), "E dorian");
  EXPECT_EQ(key_label("AMix"), "A mixolydian");
  EXPECT_EQ(key_label("E Minor"), "E minor");
  EXPECT_EQ(key_label("A Dorian"), "A dorian");
  EXPECT_EQ(key_label("Bphr"), "B phrygian");
  EXPECT_EQ(key_label("Glyd"), "G lydian");
  EXPECT_EQ(key_label("Daeo"), "D minor");
}

TEST(Labels, WhatStandsBehindAKeyIsPassedOver) {
  EXPECT_EQ(key_label("G % Two sharps in the book"), "G major");
  EXPECT_EQ(key_label("E phr -8va"), "E phrygian");
  EXPECT_EQ(key_label("D clef=bass"), "D major");
  EXPECT_EQ(key_label("D % not =c"), "D major");
}

TEST(Labels, NoKeyWhereNoneIsNamed) {
  for (const char* field : {"", "none", "HP", "Hp", "H", "Bn", "EM", "g", "D =c", "DPhr ^f", "Am ^g", "D exp _b ^f", "G clef=bass _b"})
    EXPECT_EQ(key_label(field), Label()) << field;
}

// Kind B11: what changes the notes of a key is no clef.
TEST(Labels, NoKeyWhereMoreThanAKeyIsNamed) {
  for (const char* field : {"Gdor^c", "Dmix=c", "Am exp", "Amexp", "D exp^f", "Fb", "A#", "B#m", "Gb locrian", "C transpose=2",
                            "C transpose=x", "C shift=CD", "C sound=B", "C instrument=Bb", "C and G", "C maj min", "C foo=bar"})
    EXPECT_EQ(key_label(field), Label()) << field;
  EXPECT_EQ(key_label("A#m"), "A sharp minor");
  EXPECT_EQ(key_label("Cb"), "C flat major");
  EXPECT_EQ(key_label("Fblyd"), "F flat lydian");
  EXPECT_EQ(key_label("F# locrian"), "F sharp locrian");
  EXPECT_EQ(key_label("C transpose=-12"), "C major");
  EXPECT_EQ(key_label("D treble+8"), "D major");
  EXPECT_EQ(key_label("D minor name=\"Violin 1 ^f\" clef=treble-8"), "D minor");
  EXPECT_TRUE(is_transposed("1 name=\"Clarinet\" transpose=-2"));
  EXPECT_FALSE(is_transposed("1 name=\"transpose =2\" transpose=-12 % transpose=1"));
}

// Kind B11.
TEST(Labels, ADoubtfulLabelNamesNothing) {
  for (const char* rhythm : {"not a reel", "reel?", "maybe reel", "reel-like", "Reel (?)", "never a reel"})
    EXPECT_EQ(dance_label(rhythm, "4/4"), Label()) << rhythm;
  EXPECT_EQ(dance_label("not a jig, a reel", "4/4"), "reel");
  for (const char* field : {"Scotland?", "England (?)", "possibly, Ireland ?"}) EXPECT_EQ(country_label(field), Label()) << field;
  EXPECT_EQ(country_label("Europa, Mitteleuropa, Deutschland, Westfalen ?"), "Germany");
  EXPECT_EQ(country_label("Europa, Mitteleuropa, Deutschland, Niederrhein (?)"), "Germany");
  EXPECT_EQ(dance_of_title("Will You Dance a Reel?", "4/4"), Label());
}

TEST(Labels, Meters) {
  EXPECT_EQ(meter_label("C"), "4/4");
  EXPECT_EQ(meter_label("C|"), "2/2");
  EXPECT_EQ(meter_label(" 6/8 "), "6/8");
  for (const char* field : {"", "none", "FREI4/4", "2+3/8", "6/", "0/4", "4/128"}) EXPECT_EQ(meter_label(field), Label()) << field;
}

TEST(Labels, DancesUnderTheirManyNames) {
  EXPECT_EQ(dance_label("REEL", "4/4"), "reel");
  EXPECT_EQ(dance_label("Double Jig", "6/8"), "jig");
  EXPECT_EQ(dance_label("slipjig", "9/8"), "slip jig");
  EXPECT_EQ(dance_label("slip jig", ""), "slip jig");
  EXPECT_EQ(dance_label("fling", "2/2"), "highland fling");
  EXPECT_EQ(dance_label("air", "3/4"), Label());
  EXPECT_EQ(dance_label("jig, double jig", "6/8"), "jig");
  EXPECT_EQ(dance_label("jigsaw", "6/8"), Label());
}

TEST(Labels, ALabelThatNamesTwoDancesNamesNone) {
  for (const char* rhythm : {"reel or hornpipe", "strathspey, reel", "jig (or reel)", "reel; hornpipe", "slip jig/jig"}) {
    EXPECT_EQ(dance_label(rhythm, "6/8"), Label()) << rhythm;
  }
}

TEST(Labels, TheMeterTellsJigsApart) {
  EXPECT_EQ(dance_label("jig", "6/8"), "jig");
  EXPECT_EQ(dance_label("jig", ""), "jig");
  EXPECT_EQ(dance_label("jig", "9/8"), "slip jig");
  EXPECT_EQ(dance_label("jig", "12/8"), "slide");
  EXPECT_EQ(dance_label("jig", "2/4"), "straight jig");
}

TEST(Labels, ATitleNamesADanceAtItsEndOnly) {
  EXPECT_EQ(dance_of_title("CAMP MEETING -- JIG.", "6/8"), "jig");
  EXPECT_EQ(dance_of_title("Mrs. Test's Strathspey.", "4/4"), "strathspey");
  EXPECT_EQ(dance_of_title("The Reel of the Mill", "4/4"), Label());
}

TEST(Labels, TemposNeedABeat) {
  EXPECT_EQ(beats_per_minute("1/4=120", "4/4"), 120);
  EXPECT_EQ(beats_per_minute("3/8 = 60 \"Slow\"", "6/8"), 60);
  EXPECT_EQ(beats_per_minute("\"Allegro\" 1/4=180", "4/4"), 180);
  EXPECT_EQ(quarters_per_minute("\"Moderato\"1/4 3/8 1/4 3/8=40 \"swing\""), 200);
  EXPECT_EQ(plain_tempo("\"Moderato\"1/4 3/8 1/4 3/8=40 \"swing\""), "10/8=40");
  EXPECT_EQ(plain_tempo("1/4 = 92.5"), "1/4=92.5");
  for (const char* field : {"", "80", "\"Slowly\"", "\"Slowly", "1/4=", "1/4=0", "1/4=nan", "1/4=1e300", "1/3=60", "1/4 1/4 1/4 1/4 1/4=60",
                            "2147483647/2147483647=60", "C=100"}) {
    EXPECT_FALSE(plain_tempo(field)) << field;
    EXPECT_FALSE(quarters_per_minute(field)) << field;
    EXPECT_FALSE(beats_per_minute(field, "4/4")) << field;
  }
}

// Kind B13.
TEST(Labels, ATempoIsCountedInTheMetersBeatsWhateverNoteItNames) {
  for (const char* field : {"3/8=60", "1/4=90", "1/8=180", "3/4=30"}) EXPECT_EQ(beats_per_minute(field, "6/8"), 60) << field;
  for (const char* field : {"1/2=60", "1/4=120"}) EXPECT_EQ(beats_per_minute(field, "2/2"), 60) << field;
  for (const char* field : {"1/4=80", "1/8=160"}) EXPECT_EQ(beats_per_minute(field, "3/4"), 80) << field;
  EXPECT_EQ(beats_per_minute("1/8=180", "9/8"), 60);
}

TEST(Labels, CountriesInTheCollectionsWords) {
  EXPECT_EQ(country_label("SCOTCH."), "Scotland");
  EXPECT_EQ(country_label("Europa, Mitteleuropa, Deutschland, Niederrhein"), "Germany");
  EXPECT_EQ(country_label("Mitteleuropa, Deutschland, Schlesien"), "Germany");
  EXPECT_EQ(country_label("As performed by a band"), Label());
}

TEST(Labels, OriginsAPlaceIsMatchedWhole) {
  for (const char* field : {"Quebec, French Canadian", "New England", "Australia, New South Wales", "South of Spain", "Nova Scotia"}) {
    EXPECT_EQ(country_label(field), Label()) << field;
  }
  EXPECT_EQ(country_label("Kerry (Ireland)"), "Ireland");
  EXPECT_EQ(country_label("New England; USA"), "United States");
  EXPECT_EQ(country_label("Scotland; Scotch"), "Scotland");
  for (const char* field :
       {"English/Scottish", "France, Ireland", "Mitteleuropa, Deutschland / Polen, Schlesien", "Ireland; Scotland", "England (Scotland)"}) {
    EXPECT_EQ(country_label(field), Label()) << field;
  }
}

AbcTune with_book(const char* book) {
  return parse_tunebook(std::string("X:1\nB:") + book + "\nK:D\nd|\n", "book.abc").at(0);
}

TEST(Collections, ONeillsChaptersAreDances) {
  EXPECT_EQ(dance_of_chapter(with_book("O'Neill's 701")), "jig");
  EXPECT_EQ(dance_of_chapter(with_book("\"O'Neill's 1175\"")), "slip jig");
  EXPECT_EQ(dance_of_chapter(with_book("O'NEILL'S 1555")), "reel");
  EXPECT_EQ(dance_of_chapter(with_book("O'Neill's 1556")), "hornpipe");
}

TEST(Collections, AirsMarchesAndOtherBooksAreNoDances) {
  EXPECT_EQ(dance_of_chapter(with_book("O'Neill's 700")), Label());
  EXPECT_EQ(dance_of_chapter(with_book("O'Neill's 1738")), Label());
  EXPECT_EQ(dance_of_chapter(with_book("O'Neill's Dance Music of Ireland, 801")), Label());
  EXPECT_EQ(dance_of_chapter(with_book("Another book 801")), Label());
  EXPECT_EQ(dance_of_chapter(with_book("O'Neill's 1001 Gems")), Label()) << "a number within the book's name";
}

TEST(Collections, CountriesOfPrintedBooks) {
  EXPECT_EQ(country_of_collection("oneills1850"), "Ireland");
  EXPECT_EQ(country_of_collection("airdsAirs"), "Scotland");
  EXPECT_EQ(country_of_collection("mine"), Label());
  EXPECT_FALSE(states_mode("essenFolksong"));
  EXPECT_TRUE(states_mode("mine"));
}

}  // namespace
}  // namespace midillama::corpus
