#include "midillama/data/question.h"

#include "midillama/data/clip_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::data {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class Questions : public testing::Test {
 protected:
  std::string error_of(const std::string& text) {
    std::ofstream(directory_.path() / "train.jsonl") << text;
    try {
      read_questions(directory_.path(), "train");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory directory_;
};

constexpr const char* kRow =
    R"({"id": "a-1", "piece": "a", "clip": "clips/a.mid", "start": 0, "end": 20, "task": "qa", "tag": "key", "question": "Which key?", "answer": "G.", "facts": {"key": "G major"}})"
    "\n";

TEST_F(Questions, AreReadInFileOrderWithTheFolderInFrontOfTheClip) {
  std::string second = kRow;
  second.replace(second.find("a-1"), 3, "a-2");
  std::ofstream(directory_.path() / "train.jsonl") << kRow << "\n" << second;
  const auto questions = read_questions(directory_.path(), "train");
  ASSERT_EQ(questions.size(), 2u);
  EXPECT_EQ(questions[0].id, "a-1");
  EXPECT_EQ(questions[0].clip, directory_.path() / "clips/a.mid");
  EXPECT_EQ(questions[0].facts["key"], "G major");
  EXPECT_EQ(questions[1].id, "a-2");
  EXPECT_THAT(questions[1].place, AllOf(HasSubstr("train.jsonl"), HasSubstr("line 3")));
  EXPECT_THAT(clips_of(questions), ElementsAre(directory_.path() / "clips/a.mid"));
}

TEST_F(Questions, MistakesNameFileLineAndKey) {
  EXPECT_THAT(error_of(std::string(kRow) + R"({"id": "b"})"), AllOf(HasSubstr("train.jsonl: line 2"), HasSubstr("\"piece\" is missing")));
  EXPECT_THAT(error_of(std::string(kRow) + "{"), HasSubstr("train.jsonl: line 2"));
  std::string other_task = kRow;
  other_task.replace(other_task.find("\"qa\""), 4, "\"quiz\"");
  EXPECT_THAT(error_of(other_task), AllOf(HasSubstr("line 1"), HasSubstr("\"task\" is \"quiz\"")));
  std::string no_answer = kRow;
  no_answer.replace(no_answer.find("\"G.\""), 4, "\"\"");
  EXPECT_THAT(error_of(no_answer), HasSubstr("\"answer\" is empty"));
  EXPECT_THAT(error_of("\n"), HasSubstr("has no record"));
}

TEST_F(Questions, AMissingSplitIsNamed) {
  EXPECT_THROW(read_questions(directory_.path(), "test"), InputError);
}

}  // namespace
}  // namespace midillama::data
