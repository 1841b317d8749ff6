#include "midillama/melody/groups.h"

#include "melody/melodies.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace midillama::melody {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

TEST(Groups, TheOthersAreOfOtherWorksAndEachIsThereOnce) {
  const Phrases phrases = two_phrases_each(40);
  const auto groups = draw_groups(phrases, 50, 0);
  ASSERT_EQ(groups.size(), 40u);
  for (const Group& group : groups) {
    EXPECT_EQ(group.right, group.phrase + 1);
    EXPECT_EQ(std::set(group.others.begin(), group.others.end()).size(), 49u);
    for (const std::size_t other : group.others) EXPECT_NE(phrases.all[other].work, phrases.all[group.phrase].work);
  }
}

TEST(Groups, NobodyElseHasTheRightNotes) {
  Phrases phrases = two_phrases_each(4);
  phrases.all[6].notes = phrases.all[1].notes;
  const Group group = draw_groups(phrases, 6, 0).at(0);
  EXPECT_FALSE(std::set(group.others.begin(), group.others.end()).contains(6));
  EXPECT_THAT(error_of([&] { draw_groups(phrases, 7, 0); }),
              HasSubstr("piece0#1: 6 phrases of other works are wanted beside it, and this part of the pieces has 5"));
}

TEST(Groups, AreSpreadAndTheSameForAll) {
  const Phrases phrases = two_phrases_each(20);
  const auto some = draw_groups(phrases, 10, 4);
  std::vector<std::size_t> of;
  for (const Group& group : some) of.push_back(group.phrase / 2);
  EXPECT_THAT(of, ElementsAre(0, 5, 10, 15));
  const auto all = draw_groups(phrases, 10, 0);
  EXPECT_EQ(some[1].others, all.at(5).others) << "a group is the same whichever others are asked";
  EXPECT_NE(all.at(5).others, all.at(6).others);
}

TEST(Groups, HaveAFingerprintOfWhatIsAsked) {
  Phrases phrases = two_phrases_each(20);
  auto groups = draw_groups(phrases, 10, 0);
  const std::string known = fingerprint_of(phrases, groups);
  EXPECT_EQ(fingerprint_of(two_phrases_each(20), draw_groups(phrases, 10, 0)), known);
  std::swap(groups[3].others[0], groups[3].right);
  EXPECT_NE(fingerprint_of(phrases, groups), known);
  EXPECT_NE(fingerprint_of(phrases, draw_groups(phrases, 10, 19)), known);
}

TEST(Groups, ScoresAreWrittenALineACandidate) {
  const Phrases phrases = two_phrases_each(3);
  const std::vector<Group> groups = {{.phrase = 0, .right = 1, .others = {4, 3}}};
  const std::vector<GroupScores> scores = {{0.5, 0.25, 0.75}};
  const TemporaryDirectory folder;
  write_scores(folder.path() / "scores.jsonl", phrases, groups, scores);
  EXPECT_EQ(read_text(folder.path() / "scores.jsonl"), R"({"group":"piece0#0","candidate":"piece0#1","positive":true,"score":0.5}
{"group":"piece0#0","candidate":"piece2#0","positive":false,"score":0.25}
{"group":"piece0#0","candidate":"piece1#1","positive":false,"score":0.75}
)");
  EXPECT_THAT(ranks_of(scores), ElementsAre(2));
}

}  // namespace
}  // namespace midillama::melody
