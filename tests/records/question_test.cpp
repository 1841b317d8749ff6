#include "midillama/records/question.h"

#include <fmt/format.h>
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

TEST_F(Questions, AKeyThatIsThereTwiceIsRefused) {
  std::string twice = kRow;
  twice.replace(twice.find("\"key\": \"G major\""), 16, R"("key": "A major", "key": "G major")");
  EXPECT_THAT(error_of(twice), AllOf(HasSubstr("train.jsonl: line 1"), HasSubstr("the key \"key\" is there twice")));
}

TEST_F(Questions, NoTagIsAskedAboutTwiceAtOnce) {
  for (const char* also : {R"(["key"])", R"(["meter", "meter"])"}) {
    std::string twice = kRow;
    twice.insert(twice.find("\"facts\""), fmt::format("\"also\": {}, ", also));
    EXPECT_THAT(error_of(twice), HasSubstr("is asked about twice"));
  }
}

TEST_F(Questions, ASplitIsKnownByItsPieces) {
  const auto with = [&](const std::vector<std::string>& pieces) {
    std::ofstream file(directory_.path() / "test.jsonl");
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      std::string row = kRow;
      row.replace(row.find("a-1"), 3, "a-" + std::to_string(i));
      row.replace(row.find("\"piece\": \"a\""), 12, "\"piece\": \"" + pieces[i] + "\"");
      file << row;
    }
    file.close();
    return pieces_fingerprint(directory_.path(), "test");
  };
  EXPECT_EQ(pieces_fingerprint(directory_.path(), "test"), "");
  const auto one = with({"a", "b", "a"});
  EXPECT_EQ(with({"b", "a"}), one);
  EXPECT_NE(with({"b", "c"}), one);
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

TEST_F(Questions, SeveralFactsYesOrNoAndEarlierTurns) {
  const std::string row(kRow, std::string(kRow).size() - 2);
  std::ofstream(directory_.path() / "train.jsonl")
      << row << R"(, "also": ["meter"], "yes_if": "major", "earlier": [{"question": "How high?", "answer": "High."}]})";
  const auto question = read_questions(directory_.path(), "train").at(0);
  EXPECT_THAT(question.also, ElementsAre("meter"));
  EXPECT_EQ(question.yes_if, "major");
  EXPECT_THAT(question.earlier, ElementsAre(Turn{"How high?", "High."}));

  const auto line = to_json(question, {});
  EXPECT_EQ(line["also"], OrderedJson({"meter"}));
  EXPECT_EQ(line["yes_if"], "major");
  EXPECT_EQ(line["earlier"][0]["answer"], "High.");

  const auto asked = conversation_of(question, /*with_answer=*/false).messages;
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[1].role, text::Role::assistant);
  EXPECT_EQ(asked[1].text, "High.");
  EXPECT_EQ(asked[2].text, "Which key?");
  EXPECT_EQ(conversation_of(question, /*with_answer=*/true).messages.back().text, "G.");

  for (const char* wrong : {R"(, "also": "meter"})", R"(, "also": [1]})", R"(, "yes_if": " "})", R"(, "earlier": {}})",
                            R"(, "earlier": ["a"]})", R"(, "earlier": [{"question": "How high?"}]})"}) {
    EXPECT_NE(error_of(row + wrong), "no error") << wrong;
  }
}

TEST_F(Questions, AnAnswerStatesEveryFactThatIsAskedFor) {
  Question question;
  question.task = "qa";
  question.tag = "key";
  question.facts = {{"key", "G minor"}, {"meter", "6/8"}};
  const auto tags = read_tags(kFolkTags);
  const auto mistakes = [&](const std::string& answer) {
    question.answer = answer;
    return mistakes_in_facts(question, tags);
  };
  question.also = {"meter"};
  EXPECT_THAT(mistakes("G minor, 6/8."), testing::IsEmpty());
  EXPECT_THAT(mistakes("It is in G minor."), ElementsAre(HasSubstr("does not state the fact \"6/8\"")));
  question.also = {"dance"};
  EXPECT_THAT(mistakes("G minor, a jig."), ElementsAre(HasSubstr("not among the facts")));
  question.also.clear();
  question.yes_if = "minor";
  EXPECT_THAT(mistakes("Yes."), testing::IsEmpty());
  EXPECT_THAT(mistakes("No."), ElementsAre(HasSubstr("does not state the fact \"yes\"")));
  EXPECT_THAT(mistakes("It is in G minor."), ElementsAre(HasSubstr("does not state the fact \"yes\"")));
}

}  // namespace
}  // namespace midillama::records
