// Nothing is cut without a word.
#include "midillama/data/cut_report.h"

#include "data/tiny_dataset.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/qa_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

text::EncodedExample cut(std::int64_t question, std::int64_t answer) {
  text::EncodedExample example;
  example.cut_tokens = question;
  example.cut_answer_tokens = answer;
  return example;
}

TEST(CutReport, CountsAndListsQuestionsAndAnswers) {
  const TemporaryDirectory folder;
  CutReport report;
  report.add("whole", cut(0, 0));
  report.add("a", cut(3, 0));
  report.add("b", cut(7, 2));
  EXPECT_EQ(report.questions(), 2U);
  EXPECT_EQ(report.answers(), 1U);
  log::attach_file(folder.path() / "log.txt");
  report.log(40);
  EXPECT_THAT(
      read_text(folder.path() / "log.txt"),
      AllOf(HasSubstr("2 questions were cut at their end to fit 40 tokens (prompt.max_length): a (3 tokens), b (7 tokens)"),
            HasSubstr("1 answers were cut at their end to fit 40 tokens (prompt.max_length): b (2 tokens)"), Not(HasSubstr("whole"))));
}

TEST(CutReport, IsSilentWhereNothingWasCut) {
  const TemporaryDirectory folder;
  log::attach_file(folder.path() / "log.txt");
  CutReport report;
  report.add("whole", cut(0, 0));
  report.log(40);
  EXPECT_EQ(read_text(folder.path() / "log.txt"), "");
}

TEST(CutReport, ListsEveryId) {
  const TemporaryDirectory folder;
  log::attach_file(folder.path() / "log.txt");
  CutReport report;
  for (int i = 0; i < 103; ++i) report.add("question-" + std::to_string(i), cut(1, 0));
  report.log(40);
  const auto text = read_text(folder.path() / "log.txt");
  EXPECT_THAT(text, HasSubstr("103 questions"));
  for (int i = 0; i < 103; ++i) EXPECT_THAT(text, HasSubstr("question-" + std::to_string(i) + " (1 tokens)"));
}

TEST(QaExamples, KeepsEveryExampleHoweverLong) {
  const TemporaryDirectory folder;
  write_encoder(folder.path() / "encoder", 1);
  write_clip(folder.path() / "a.mid", 6);
  text::train_sentencepiece(std::vector<std::string>{"Question: Which key is it in?\nAnswer:\n", "G major."}, 320,
                            folder.path() / "tokenizer.model");
  const auto tokenizer = text::load_tokenizer(folder.path() / "tokenizer.model");
  const text::PromptTemplate prompt("plain", *tokenizer);
  config::Config config;
  config.run.dir = folder.path() / "run";
  config.music_encoder.path = folder.path() / "encoder";
  const std::vector<records::Question> questions = {
      question("short", folder.path() / "a.mid", "Which key is it in?", "G major."),
      question("long", folder.path() / "a.mid", "Which key is it in?", std::string(500, 'x'))};
  const ClipInputs clips(config, prompt, records::clips_of(questions), torch::kCPU);
  log::attach_file(folder.path() / "log.txt");
  const QaExamples examples(file_of(questions, folder.path()), clips, prompt, 60);
  ASSERT_EQ(examples.size(), 2);
  const auto cut = examples.at(1);
  EXPECT_EQ(cut.input_ids.size() + 1, 60U);
  EXPECT_EQ(cut.input_ids.back(), tokenizer->eos_id());
  EXPECT_EQ(cut.labels.back(), tokenizer->eos_id());
  EXPECT_THAT(read_text(folder.path() / "log.txt"),
              AllOf(HasSubstr("1 questions were cut"), HasSubstr("1 answers were cut"), HasSubstr("long (")));
}

}  // namespace
}  // namespace midillama::data
