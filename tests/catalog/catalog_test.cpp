#include "midillama/catalog/catalog.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::catalog {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing_support::error_of;

class Catalog : public testing::Test {
 protected:
  explicit Catalog(const std::string& source = "csv") {
    config_.source = source;
    config_.metadata = (folder_.path() / "catalog").string();
  }

  std::vector<Entry> read(const std::string& text) {
    write_atomically(config_.metadata, text);
    std::vector<Entry> entries;
    for_each_entry(config_, [&](const Entry& entry) { entries.push_back(entry); });
    return entries;
  }

  TemporaryDirectory folder_;
  config::Corpus config_;
};

TEST_F(Catalog, EverySourceOfTheConfigurationHasAReader) {
  for (const std::string& source : config::catalog_sources()) {
    config_.source = source;
    EXPECT_EQ(file_key(config_, "12_0.mid"), "12_0.mid") << source;
  }
  config_.source = "abc";
  EXPECT_THAT(error_of([&] { file_key(config_, "12_0.mid"); }), HasSubstr("corpus.source: \"abc\""));
}

TEST_F(Catalog, AnyTableWithColumnsOfOnesOwn) {
  config_.file_column = "path";
  config_.composer_column = "";
  const auto entries = read("path;title;period;tempo;id;\na.mid;\"A; B\";early;1.5e2;007;x\nb.mid;;;;12345678901234567890123;\n");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].place, "line 2");
  EXPECT_EQ(entries[0].file, "a.mid");
  EXPECT_EQ(entries[0].title, "A; B");
  EXPECT_EQ(entries[0].composer, "");
  EXPECT_EQ(entries[0].labels, OrderedJson({{"period", "early"}, {"tempo", 150.0}, {"id", "007"}}));
  EXPECT_EQ(entries[1].labels, OrderedJson({{"id", "12345678901234567890123"}})) << "a number would lose digits";
}

TEST_F(Catalog, NumbersAreWhatJsonReadsAsOne) {
  const auto labels = read("file,title,composer,a,b,c,d,e,f,g\nx,,,-3,0.50,1e400,[1],true,+1,\"1 2\"\n")[0].labels;
  EXPECT_EQ(labels, OrderedJson({{"a", -3}, {"b", 0.5}, {"c", "1e400"}, {"d", "[1]"}, {"e", "true"}, {"f", "+1"}, {"g", "1 2"}}));
}

TEST_F(Catalog, RowsThatAreNoneAreNamed) {
  const auto entries = read("file,title,composer\n,A,B\na.mid,A\nb.mid,\"A\"x,B\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].problem, "names no file");
  EXPECT_THAT(entries[1].problem, HasSubstr("has 2 cells"));
  EXPECT_THAT(entries[2].problem, HasSubstr("column 10"));
  EXPECT_THAT(error_of([&] { read("file,name\n"); }), HasSubstr("line 1: names no column \"title\""));
}

class Lakh : public Catalog {
 protected:
  Lakh() : Catalog("lakh") {}

  const std::string one_ = std::string(32, 'a'), two_ = std::string(31, '0') + "f";
};

TEST_F(Lakh, MapsGiveGenreAndStyle) {
  const auto entries = read(R"({"topmagd": {")" + one_ + R"(": ["Rap", "Folk", "Rap"]}, "magd": {}, "masd": {")" + two_ +
                            R"(": ["Punk"], ")" + one_ + R"(": ["Gospel"]}})");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].file, one_ + ".mid");
  EXPECT_EQ(entries[0].labels, OrderedJson({{"genre", {"Rap", "Folk"}}, {"style", {"Gospel"}}})) << "each label once";
  EXPECT_EQ(entries[1].labels, OrderedJson({{"style", {"Punk"}}}));
  EXPECT_EQ(entries[0].problem, "");
}

TEST_F(Lakh, TheMapsAreChosenByTheirNames) {
  config_.genre_map = "magd";
  config_.style_map = "";
  const auto entries = read(R"({"topmagd": {}, "magd": {")" + one_ + R"(": ["Classical"]}})");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].labels, OrderedJson({{"genre", {"Classical"}}}));
  config_.genre_map = "tagtraum";
  EXPECT_THAT(error_of([&] { read(R"({"topmagd": {}, "magd": {}})"); }),
              AllOf(HasSubstr("catalog: tagtraum: there is no such map"), HasSubstr("but topmagd, magd")));
  EXPECT_THAT(error_of([&] { read("[]"); }), HasSubstr("is no JSON object"));
}

TEST_F(Lakh, EntriesThatAreNoneAreNamed) {
  config_.style_map = "";
  const auto entries = read(R"({"topmagd": {"song": ["Rap"], ")" + one_ + R"(": "Rap", ")" + two_ + R"(": ["Rap", ""]}})");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_THAT(entries[0].problem, HasSubstr("is no MD5"));
  EXPECT_EQ(entries[0].place, "\"song\"");
  EXPECT_THAT(entries[1].warning, HasSubstr("its labels in topmagd are no list of texts"));
  EXPECT_THAT(entries[2].warning, HasSubstr("no list of texts"));
  EXPECT_EQ(entries[1].problem, "") << "the file is named, and may have labels of the other map";
}

TEST_F(Lakh, OddLabelsOfOneMapCostThoseOfTheOtherNothing) {
  const auto entries = read(R"({"topmagd": {")" + one_ + R"(": 7}, "masd": {")" + one_ + R"(": ["Gospel"]}})");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].labels, OrderedJson({{"style", {"Gospel"}}}));
  EXPECT_THAT(entries[0].warning, HasSubstr("topmagd"));
}

TEST_F(Lakh, FilesMayLieAnywhereAndTracksAreWorks) {
  EXPECT_EQ(file_key(config_, "lmd_full/a/" + one_ + ".mid"), one_ + ".mid");
  EXPECT_EQ(work_of(config_, "A/B/C/TRABCGR128F425B14B/" + one_ + ".mid"), "TRABCGR128F425B14B");
  EXPECT_EQ(work_of(config_, "TRABCGR128F425B14B/" + one_ + ".mid"), "TRABCGR128F425B14B");
  EXPECT_EQ(work_of(config_, "a/" + one_ + ".mid"), "");
  config_.source = "csv";
  EXPECT_EQ(work_of(config_, "TRABCGR128F425B14B/" + one_ + ".mid"), "");
}

class GiantMidi : public Catalog {
 protected:
  GiantMidi() : Catalog("giantmidi") {}

  static std::string table(const std::string& rows) {
    return "surname\tfirstname\tmusic\tnationality\tbirth\tdeath\tyoutube_title\tyoutube_id\tsimilarity\tpiano_solo_prob\taudio_name\t"
           "audio_duration\tgiant_midi_piano\tsplit\tsurname_in_youtube_title\n" +
           rows;
  }
};

TEST_F(GiantMidi, TheRowsOfTheDataSet) {
  const auto entries = read(table(
      "Berg\tAda\tSonata \"No.1\tSwede\t1801\t1850\tAda Berg, \"Sonata\tabc\t0.75\t0.9\tBerg, Ada, Sonata _No.1, abc\t60.5\t1\ttrain\t1\n"
      "Berg\tAda\tAnother\tSwede\t1801\t1850\tno solo\tdef\t0.7\t\t\t\t\t\t\n"
      "Low\t\tWaltz\tunknown\tunknown\tUnknown\tsome title\t00000000001\t\t0.8\tLow, Waltz\t60\t1.0\ttest\t0\n"));
  ASSERT_EQ(entries.size(), 2u) << "rows without giant_midi_piano are of no file";
  EXPECT_EQ(entries[0].file, "Berg, Ada, Sonata _No.1, abc.mid");
  EXPECT_EQ(entries[0].title, "Sonata \"No.1");
  EXPECT_EQ(entries[0].composer, "Ada Berg");
  EXPECT_EQ(entries[0].labels, OrderedJson({{"nationality", "Swede"},
                                            {"birth", 1801},
                                            {"death", 1850},
                                            {"split", "train"},
                                            {"similarity", 0.75},
                                            {"piano_solo_prob", 0.9},
                                            {"youtube_id", "abc"}}));
  EXPECT_EQ(entries[0].left_out, "");
  EXPECT_EQ(entries[1].composer, "Low");
  EXPECT_EQ(entries[1].labels, OrderedJson({{"split", "test"}, {"piano_solo_prob", 0.8}, {"youtube_id", "00000000001"}}))
      << "what is not known is not there, and an id is no number";
  EXPECT_THAT(entries[1].left_out, HasSubstr("corpus.curated"));
  config_.curated = false;
  EXPECT_EQ(read(table("Low\t\tWaltz\t\t\t\t\t1\t\t\tLow, Waltz\t\t1\t\t0\n"))[0].left_out, "");
}

TEST_F(GiantMidi, ARowCutShortIsNamedAndAnotherTableRefused) {
  const auto entries = read(table("Berg\tAda\tSonata\n"));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].place, "line 2");
  EXPECT_EQ(entries[0].problem, "has 3 cells, and the table has 15 columns");
  EXPECT_THAT(error_of([&] { read("surname,firstname,music\n"); }), EndsWith("line 1: names no column \"surname\""));
}

class MidiCaps : public Catalog {
 protected:
  MidiCaps() : Catalog("midicaps") {}
};

TEST_F(MidiCaps, AnObjectALine) {
  const auto entries = read(
      R"({"location": "lmd/1/a.mid", "caption": "A tune.", "genre": ["pop", "rock"], "tempo": 90, "key": null, "all_chords": ["C"], "test_set": true})"
      "\n\n"
      R"({"location": null})"
      "\n{\"location\": \n[1]\n"
      R"({"location": "lmd/1/b.mid"})");
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].file, "lmd/1/a.mid");
  EXPECT_EQ(entries[0].labels, OrderedJson({{"caption", "A tune."}, {"genre", {"pop", "rock"}}, {"tempo", 90}, {"test_set", true}}));
  EXPECT_EQ(entries[0].title + entries[0].composer, "");
  EXPECT_EQ(entries[1].place, "line 3");
  EXPECT_EQ(entries[1].problem, "names no file (the key \"location\")");
  EXPECT_EQ(entries[2].problem, "is no JSON object");
  EXPECT_EQ(entries[3].problem, "is no JSON object");
  EXPECT_EQ(entries[4].labels, OrderedJson::object());
}

class Maestro : public Catalog {
 protected:
  Maestro() : Catalog("maestro") {}
};

TEST_F(Maestro, ColumnsByTheirNames) {
  const auto entries = read(
      "canonical_composer,canonical_title,split,year,midi_filename,audio_filename,duration\n"
      "Ada Berg,\"Waltz, Op. 1\",validation,2004,2004/a.midi,2004/a.wav,61.5\n"
      "Ada Berg,Song,,,2004/b.midi,,\n");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].file, "2004/a.midi");
  EXPECT_EQ(entries[0].title, "Waltz, Op. 1");
  EXPECT_EQ(entries[0].composer, "Ada Berg");
  EXPECT_EQ(entries[0].labels, OrderedJson({{"split", "validation"}, {"year", 2004}}));
  EXPECT_EQ(entries[1].labels, OrderedJson::object());
}

class Atepp : public Catalog {
 protected:
  Atepp() : Catalog("atepp") {}
};

TEST_F(Atepp, TheCompositionTellsWorksApart) {
  const auto entries = read(
      "artist,artist_id,track,track_duration,composer,composition_id,score_path,midi_path,youtube_links\n"
      "Jo Hall,1,\"Waltz, Op. 1: I\",60,Ada Berg,7,,berg/1.mid,x\n"
      "Li Wu,2,Waltz I,,Ada Berg,,,berg/2.mid,\n");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].file, "berg/1.mid");
  EXPECT_EQ(entries[0].title, "Waltz, Op. 1: I");
  EXPECT_EQ(entries[0].work, "composition 7");
  EXPECT_EQ(entries[0].labels, OrderedJson({{"artist", "Jo Hall"}, {"track", "Waltz, Op. 1: I"}, {"composition_id", 7}}));
  EXPECT_EQ(entries[1].work, "");
  EXPECT_EQ(read("artist,track,composer,composition,midi_path\nA,Track,B,Sonata,x.mid\n")[0].title, "Sonata");
}

class Aria : public Catalog {
 protected:
  Aria() : Catalog("aria") {}
};

TEST_F(Aria, AnEntryASegment) {
  const auto entries = read(R"({
    "12": {"metadata": {"composer": "berg", "performer": "hall", "form": "waltz", "opus": 9, "piece_number": "2", "genre": null, "difficulty": ""},
           "audio_scores": {"0": 0.75, "10": 0.5}},
    "13": {"metadata": {"composer": "berg", "form": "waltz"}, "audio_scores": {"0": 1}},
    "14": {"metadata": {}},
    "15": [1, {"2": {}}],
    "16": {"audio_scores": {"1": null}},
    "17": {"metadata": {"composer": "low", "opus": "LWV 3"}, "audio_scores": {"0": 1}}})");
  ASSERT_EQ(entries.size(), 7u);
  EXPECT_EQ(entries[0].file, "12_0.mid");
  EXPECT_EQ(entries[0].place, "\"12\"");
  EXPECT_EQ(entries[0].title, "waltz, Op. 9 No. 2");
  EXPECT_EQ(entries[0].composer, "berg");
  EXPECT_EQ(entries[0].labels,
            OrderedJson({{"performer", "hall"}, {"form", "waltz"}, {"opus", 9}, {"piece_number", "2"}, {"audio_score", 0.75}}));
  EXPECT_EQ(entries[1].file, "12_10.mid");
  EXPECT_EQ(entries[2].title, "") << "a form alone is no work";
  EXPECT_THAT(entries[3].problem, HasSubstr("names no segment"));
  EXPECT_EQ(entries[4].place, "\"15\"");
  EXPECT_THAT(entries[4].problem, HasSubstr("names no segment"));
  EXPECT_EQ(entries[5].labels, OrderedJson::object());
  EXPECT_EQ(entries[6].title, "LWV 3");
}

TEST_F(Aria, FilesAreKnownByIdAndSegmentInAnyFolder) {
  EXPECT_EQ(file_key(config_, "data/aa/000012_0.mid"), "12_0.mid");
  EXPECT_EQ(file_key(config_, "12_0.mid"), "12_0.mid");
  EXPECT_EQ(file_key(config_, "data/000000_3.mid"), "0_3.mid");
  EXPECT_EQ(file_key(config_, "0_3.mid"), "0_3.mid");
}

TEST_F(Aria, WhatIsNoObjectIsRefused) {
  EXPECT_THAT(error_of([&] { read("[{\"a\": 1}]"); }), EndsWith("is no JSON object of recordings by their ids"));
  EXPECT_THAT(error_of([&] { read("{\"1\": {"); }), HasSubstr("byte 8: not valid JSON"));
}

}  // namespace
}  // namespace midillama::catalog
