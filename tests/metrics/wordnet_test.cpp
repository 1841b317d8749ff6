#include "metrics/wordnet.h"

#include "midillama/core/file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::metrics {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A database of two nouns, one adjective and an exception, with WordNet's file layout.
class WordNetTest : public testing::Test {
 protected:
  WordNetTest() {
    const std::size_t next = licence.size() + first.size();
    write("data.noun", licence + first + fmt::format("{:08} 03 n 02 jig 0 Gigue 0 000 | a lively dance\n", next));
    write("index.noun",
          licence + fmt::format("gigue n 1 0 1 0 {1:08}\njig n 2 1 @ 2 1 {1:08} {0:08}\nreel n 1 0 1 0 {0:08}\n", licence.size(), next));
    write("data.adj", licence + fmt::format("{:08} 00 a 02 quick(a) 0 fast 0 000 | with speed\n", licence.size()));
    write("index.adj", licence + fmt::format("quick a 1 0 1 0 {:08}\n", licence.size()));
    for (const char* name : {"index.verb", "data.verb", "index.adv", "data.adv", "verb.exc", "adj.exc", "adv.exc"}) write(name, "");
    write("noun.exc", "giggen nothing\ngiggen jig\n");
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder.path() / name) << text; }

  std::vector<std::string> synonyms(const std::string& word) const {
    std::vector<std::string> names;
    WordNet(folder.path()).synonyms(word, [&](std::string_view name) { names.emplace_back(name); });
    return names;
  }

  const std::string licence = "  1 WordNet 9.9 Copyright nobody.\n";
  const std::string first = fmt::format("{:08} 03 n 02 reel 0 highland_fling 0 000 | a dance\n", licence.size());
  TemporaryDirectory folder;
};

TEST_F(WordNetTest, GivesTheSingleWordsOfEverySynset) {
  EXPECT_THAT(synonyms("reel"), UnorderedElementsAre("reel"));
  EXPECT_THAT(synonyms("jig"), UnorderedElementsAre("jig", "Gigue", "reel"));
  EXPECT_THAT(synonyms("polka"), IsEmpty());
  EXPECT_THAT(synonyms(""), IsEmpty());
  EXPECT_THAT(synonyms("s"), IsEmpty());
}

TEST_F(WordNetTest, FindsBaseFormsByExceptionOrByEnding) {
  EXPECT_THAT(synonyms("reels"), UnorderedElementsAre("reel"));
  EXPECT_THAT(synonyms("giggen"), UnorderedElementsAre("jig", "Gigue", "reel"));
  EXPECT_THAT(synonyms("quicker"), UnorderedElementsAre("quick", "fast"));
}

TEST_F(WordNetTest, LeavesOutSyntacticMarkers) {
  EXPECT_THAT(synonyms("quick"), UnorderedElementsAre("quick", "fast"));
}

TEST_F(WordNetTest, ReadsTheVersion) {
  EXPECT_EQ(WordNet(folder.path()).version(), "9.9");
}

TEST_F(WordNetTest, BrokenFilesAreNamed) {
  write("index.adj", "quick a 1 0 1 0 00000003\n");
  EXPECT_THROW(
      try { synonyms("quick"); } catch (const InputError& error) {
        EXPECT_THAT(error.what(), HasSubstr("data.adj: byte 3"));
        throw;
      },
      InputError);
  write("index.adj", "quick a 3 0 1\n");
  EXPECT_THROW(synonyms("quick"), InputError);
  write("data.noun", "something else");
  EXPECT_THROW(WordNet{folder.path()}, InputError);
  std::filesystem::remove(folder.path() / "verb.exc");
  EXPECT_THROW(WordNet{folder.path()}, InputError);
}

}  // namespace
}  // namespace midillama::metrics
