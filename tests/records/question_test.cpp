#include "midillama/records/question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::records {
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
  EXPECT_EQ(questions[0].facts.at("key"), "G major");
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

TEST_F(Questions, AnswersOfWhiteSpaceOnlyAreRefused) {
  for (const char* space : {" ", "\\t\\n", "\\u00a0", "\\u3000", "\\u2003 \\u2009", "\\u0085"}) {
    std::string blank = kRow;
    blank.replace(blank.find("\"G.\""), 4, "\"" + std::string(space) + "\"");
    EXPECT_THAT(error_of(blank), HasSubstr("\"answer\" is empty")) << space;
  }
}

TEST_F(Questions, ClipsLieBelowTheFolder) {
  for (const char* clip : {"../a.mid", "/tmp/a.mid", "clips/../../a.mid"}) {
    std::string outside = kRow;
    outside.replace(outside.find("clips/a.mid"), 11, clip);
    EXPECT_THAT(error_of(outside), HasSubstr("below the dataset's folder")) << clip;
  }
}

TEST_F(Questions, TimesAndFactsMayBeMissing) {
  const std::string row =
      R"({"id": "a", "piece": "a", "clip": "a.mid", "task": "caption", "tag": "mood", "question": "What?", "answer": "Sad."})";
  EXPECT_EQ(error_of(row), "no error");
  EXPECT_THAT(error_of(row.substr(0, row.size() - 1) + R"(, "start": 2})"), HasSubstr("\"end\" is missing"));
  EXPECT_THAT(error_of(row.substr(0, row.size() - 1) + R"(, "facts": {"mood": ["sad"]}})"), HasSubstr("must be a text or a number"));
  EXPECT_EQ(error_of(row.substr(0, row.size() - 1) + R"(, "facts": {"bpm": 72}})"), "no error");
}

TEST_F(Questions, AnIdOccursOnce) {
  EXPECT_THAT(error_of(std::string(kRow) + kRow), AllOf(HasSubstr("line 2"), HasSubstr("the id \"a-1\"")));
}

TEST_F(Questions, SeveralMistakesAreCounted) {
  EXPECT_THAT(error_of("{\n[]\n7\n"), AllOf(HasSubstr("line 1: not valid JSON"), HasSubstr("and 2 more")));
}

}  // namespace
}  // namespace midillama::records
