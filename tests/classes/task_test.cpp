#include "midillama/classes/task.h"

#include "classes/tiny_set.h"
#include "midillama/classes/learnt.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace midillama::classes {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

class ReadTask : public testing::Test {
 protected:
  ReadTask() : train_(folder_.path() / "written"), test_(folder_.path() / "real") {
    for (int i = 0; i < 20; ++i) train_.add(fmt::format("w{}", i), {{"genre", i % 2 == 0 ? "Pop" : "Folk"}}, tune(60));
    train_.add("both", {{"genre", {"Folk", "Pop"}}}, tune(60));
    train_.add("rare", {{"genre", "Rare"}}, tune(60));
    train_.add("unknown", {{"style", "March"}}, tune(60));
    test_.add("r0", {{"genre", "Pop_Rock"}}, tune(60));
    test_.add("r1", {{"genre", {"Folk", "Jazz"}}}, tune(60));
    test_.add("r2", {{"genre", "Jazz"}}, tune(60));
    write_atomically(folder_.path() / "names.yaml", "genre:\n  Pop: Pop_Rock\n");
    config_.classify.pieces = {.train = {train_.path()}, .test = {test_.path()}, .folds = 1, .valid_fraction = .2};
    config_.classify.min_pieces = 2;
    config_.classify.mapping = (folder_.path() / "names.yaml").string();
  }

  TemporaryDirectory folder_;
  TinySet train_, test_;
  config::Config config_;
};

TEST_F(ReadTask, ClassesAreThoseOfTheTrainingPiecesUnderTheTestedOnesNames) {
  const Task task = read_task(config_);
  EXPECT_THAT(task.classes, ElementsAre("Folk", "Pop_Rock"));
  EXPECT_EQ(task.parts.train.size() + task.parts.valid.size(), 20u);
  ASSERT_EQ(task.parts.test.size(), 1u) << "r1 has two values, r2 none that is known";
  EXPECT_THAT(task.truth(task.parts.test[0]), ElementsAre(false, true));
  EXPECT_EQ(task.left_out, 4) << "both, rare, r1 and r2";
}

TEST_F(ReadTask, SeveralLabelsAPieceArePossible) {
  config_.classify.multi_label = true;
  const Task task = read_task(config_);
  EXPECT_EQ(task.parts.train.size() + task.parts.valid.size(), 21u);
  ASSERT_EQ(task.parts.test.size(), 2u);
  EXPECT_THAT(task.truth(task.parts.test[1]), ElementsAre(true, false)) << "Jazz was not learnt";
  EXPECT_EQ(task.left_out, 2);
  EXPECT_EQ(task.of_others, 1);
}

TEST_F(ReadTask, WhatTheMappingHasNoCounterpartForIsCounted) {
  write_atomically(folder_.path() / "names.yaml", "genre:\n  Pop: Pop_Rock\n  Rare: []\n");
  config_.classify.min_pieces = 1;
  EXPECT_EQ(read_task(config_).left_out, 4) << "both, rare, r1 and r2";
}

TEST_F(ReadTask, WhatIsLearntFromAndTestedIsCountedOnce) {
  config_.classify.pieces = {.train = {train_.path()}, .test = {train_.path()}, .folds = 2, .valid_fraction = .2};
  config_.classify.mapping.clear();
  const Task task = read_task(config_);
  EXPECT_EQ(task.left_out, 2) << "both and rare";
  EXPECT_EQ(task.parts.train.size() + task.parts.valid.size() + task.parts.test.size(), 20u);
}

TEST_F(ReadTask, SaysWhereEveryPieceIsOfATestedWork) {
  TinySet one(folder_.path() / "one");
  for (int i = 0; i < 6; ++i) one.add(fmt::format("v{}", i), {{"genre", i % 2 == 0 ? "Pop" : "Folk"}}, tune(60), "song");
  config_.classify.pieces = {.train = {one.path()}, .test = {one.path()}, .folds = 2, .valid_fraction = .2};
  const auto refusals = [&](std::int64_t fold) {
    config_.classify.pieces.fold = fold;
    return error_of([&] { read_task(config_); });
  };
  EXPECT_THAT(refusals(0) + refusals(1), HasSubstr("nothing is left to learn from: all 6 pieces with the label \"genre\" are of works"));
}

TEST_F(ReadTask, SaysWhatCannotBeLearnt) {
  config_.classify.min_pieces = 100;
  EXPECT_THAT(error_of([&] { read_task(config_); }), AllOf(HasSubstr("written"), HasSubstr("no value of the label \"genre\"")));
  config_.classify.pieces.train.clear();
  EXPECT_THAT(error_of([&] { read_task(config_); }), HasSubstr("classify.pieces.train: []"));
}

TEST_F(ReadTask, ACheckpointKnowsItsClassesAndPieces) {
  const Task task = read_task(config_);
  write_learnt(folder_.path(), task);
  config_.classify.min_pieces = 1;
  config_.classify.pieces.valid_fraction = 0;
  const Task learnt = read_learnt_task(config_, folder_.path());
  EXPECT_EQ(learnt.classes, task.classes) << "whatever could be learnt now";
  EXPECT_EQ(learnt.parts.train.size(), task.parts.train.size());
  EXPECT_EQ(learnt.parts.valid.size(), task.parts.valid.size());
  EXPECT_EQ(learnt.parts.test.size(), 1u);
  write_atomically(folder_.path() / "names.yaml", "genre:\n  Pop: Folk\n  Folk: Pop_Rock\n");
  EXPECT_THAT(error_of([&] { read_learnt_task(config_, folder_.path()); }),
              HasSubstr("classes.json: fingerprint: the pieces that the model"));
}

TEST_F(ReadTask, TheFoldIsTheSameWhateverIsLearntFrom) {
  for (int i = 0; i < 40; ++i)
    test_.add(fmt::format("more{}", i), {{"genre", i % 4 == 0 ? "Rare" : i % 2 == 0 ? "Pop_Rock" : "Folk"}}, tune(60));
  config_.classify.pieces.folds = 4;
  const auto tested = [&] {
    std::set<std::string> ids;
    for (const auto& piece : read_task(config_).parts.test) ids.insert(piece.id);
    return ids;
  };
  const auto of_two = tested();
  config_.classify.min_pieces = 1;  // Rare is a class now
  const auto of_three = tested();
  EXPECT_GT(of_three.size(), of_two.size());
  EXPECT_TRUE(std::ranges::includes(of_three, of_two));
  config_.classify.pieces = {.train = {test_.path()}, .test = {}, .folds = 4, .valid_fraction = .2};
  config_.classify.mapping.clear();
  EXPECT_TRUE(std::ranges::includes(tested(), of_three)) << "learning from the rest of them";
}

TEST(Answer, IsTheLikeliestOrAllThatAreLikely) {
  Task task{.name = "genre", .label = "genre", .classes = {"a", "b", "c"}};
  EXPECT_THAT(answer(task, {.2, .4, .4}), ElementsAre(false, true, false));
  EXPECT_THAT(answer(task, {0, 0, 0}), ElementsAre(false, false, false)) << "nothing was told";
  task.multi_label = true;
  EXPECT_THAT(answer(task, {.5, .49, .9}), ElementsAre(true, false, true));
  EXPECT_THAT(answer(task, {.1, .2, .3}), ElementsAre(false, false, false));
}

}  // namespace
}  // namespace midillama::classes
