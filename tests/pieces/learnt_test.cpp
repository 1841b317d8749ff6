#include "midillama/pieces/learnt.h"

#include "midillama/core/json_text.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace midillama::pieces {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

Piece piece(const std::string& id) {
  return {.id = id, .file = {}, .work = "work of " + id, .drawn_by = id, .content = "file of " + id, .labels = {{"genre", {"Rock"}}}};
}

class Learnt : public testing::Test {
 protected:
  // The error of a checkpoint that has learnt from a and b and was validated with c.
  std::string error() const {
    return error_of([&] { as_learnt("pieces.json", learnt_, now_, test_, "genre"); });
  }

  Json learnt_ = learnt_of({.train = {piece("a"), piece("b")}, .valid = {piece("c")}, .test = {piece("d")}}, "genre");
  std::vector<Piece> now_ = {piece("d"), piece("c"), piece("b"), piece("a")};
  std::vector<Piece> test_ = {piece("d"), piece("e")};
};

TEST_F(Learnt, PartsAreFoundAgain) {
  const Parts parts = as_learnt("pieces.json", learnt_, now_, test_, "genre");
  ASSERT_EQ(parts.train.size(), 2u);
  EXPECT_EQ(parts.train[1].id, "b");
  ASSERT_EQ(parts.valid.size(), 1u);
  EXPECT_EQ(parts.valid[0].id, "c");
  EXPECT_EQ(parts.test.size(), 2u);
}

TEST_F(Learnt, WhatHasChangedIsRefused) {
  for (const auto& change : std::vector<std::function<void(Piece&)>>{
           [](Piece& p) { p.work = "another"; }, [](Piece& p) { p.content = "another"; }, [](Piece& p) { p.labels["genre"] = {"Folk"}; }}) {
    now_[2] = piece("b");
    change(now_[2]);
    EXPECT_THAT(error(), HasSubstr("have changed since"));
  }
  now_.erase(now_.begin() + 2);
  EXPECT_THAT(error(), HasSubstr("pieces.json: train: the model has learnt from the piece b, which is not there any more"));
}

TEST_F(Learnt, NothingThatWasLearntFromIsTested) {
  for (const char* id : {"a", "b", "c"}) {
    test_ = {piece("d"), piece("e")};
    test_[1].work = piece(id).work;
    EXPECT_THAT(error(), AllOf(HasSubstr("has learnt from the work"), HasSubstr("of the piece e")));
    test_[1].work = "another";
    test_[1].content = piece(id).content;
    EXPECT_THAT(error(), AllOf(HasSubstr("has learnt from the piece"), HasSubstr("whose file is that of e")));
  }
  test_.clear();
  EXPECT_THAT(error(), HasSubstr("no piece is left to test on"));
}

}  // namespace
}  // namespace midillama::pieces
