// Questions, notes and text as the models read them.
#include "data/tiny_dataset.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_notes.h"
#include "midillama/data/note_examples.h"
#include "midillama/data/qa_examples.h"
#include "midillama/data/text_rows.h"
#include "midillama/text/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace midillama::data {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Examples : public testing::Test {
 protected:
  Examples() {
    write_encoder(path("encoder"), 1);
    for (int i = 0; i < 3; ++i) write_clip(clip(i), 6 + i);
    const std::vector<std::string> texts = {"Question: Which key is it in?\nAnswer:\n", "G major.", "D minor.",
                                            "Who wrote it, and when, and for whom?"};
    text::train_sentencepiece(texts, 320, path("tokenizer.model"));
    tokenizer_ = text::load_tokenizer(path("tokenizer.model"));
    prompt_.emplace("plain", *tokenizer_);
    config_.run.dir = path("run");
    config_.music_encoder.path = path("encoder");
    questions_ = {question("a", clip(0), "Which key is it in?", "G major."),
                  question("b", clip(1), "Who wrote it, and when, and for whom?", "D minor."),
                  question("c", clip(0), "Who wrote it?", "G."), question("d", clip(2), "Which key?", "D.")};
  }

  std::string path(const std::string& name) const { return directory_.path() / name; }
  fs::path clip(int i) const { return path("clips") + "/" + std::to_string(i) + ".mid"; }
  ClipEmbeddings embed() const { return {config_, records::clips_of(questions_), torch::kCPU}; }
  records::QuestionFile file() const { return file_of(questions_, directory_.path()); }
  ClipInputs hear() const { return {config_, *prompt_, records::clips_of(questions_), torch::kCPU}; }

  TemporaryDirectory directory_;
  config::Config config_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::optional<text::PromptTemplate> prompt_;
  std::vector<records::Question> questions_;
};

TEST_F(Examples, AQuestionBecomesIdsLabelsAndMusic) {
  const auto embeddings = embed();
  const auto clips = hear();
  const QaExamples examples(file(), clips, *prompt_, 100);
  ASSERT_EQ(examples.size(), 4);
  const auto example = examples.at(1);
  const auto expected = prompt_->encode(questions_[1].question, questions_[1].answer, 100, 1);
  EXPECT_EQ(example.input_ids, expected.input_ids);
  EXPECT_EQ(example.labels, expected.labels);
  EXPECT_EQ(example.music_position, 1);
  EXPECT_TRUE(example.music.equal(embeddings.at(clip(1))));
}

TEST_F(Examples, CutQuestionsAreCountedInTheLog) {
  const auto clips = hear();
  const auto longest =
      static_cast<std::int64_t>(prompt_->encode(questions_[1].question, questions_[1].answer, 100, 1).input_ids.size()) + 1;
  log::attach_file(path("log.txt"));
  const QaExamples examples(file(), clips, *prompt_, longest - 3);
  EXPECT_EQ(static_cast<std::int64_t>(examples.at(1).input_ids.size()) + 1, longest - 3);
  EXPECT_THAT(read_text(path("log.txt")), AllOf(HasSubstr("1 questions were cut"), HasSubstr("b (3 tokens)")));
}

TEST_F(Examples, AnAnswerThatDoesNotFitNamesItsLine) {
  const auto clips = hear();
  try {
    QaExamples(file(), clips, *prompt_, 10);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("train.jsonl: line "), HasSubstr("at most 10")));
  }
}

TEST_F(Examples, EveryNoteStandsInOneWindow) {
  write_clip(clip(0), 25);
  write_clip(clip(1), 2050);
  const std::vector<fs::path> clips = {clip(0), clip(1)};
  const NoteExamples windows(clips, 10);
  EXPECT_EQ(windows.notes(), 25 + 2050);
  std::vector<octuple::Octuple> first;
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(windows.at(i).front().bar, 0);
    first.insert(first.end(), windows.at(i).begin(), windows.at(i).end());
  }
  const auto whole = read_clip_notes(clips)[0];
  ASSERT_EQ(first.size(), 25u);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].pitch, whole[i].pitch);
  EXPECT_THAT(windows.name(1), AllOf(HasSubstr("0.mid"), HasSubstr("window 2")));
  std::size_t notes = 0;
  for (std::int64_t i = 0; i < windows.size(); ++i) {
    EXPECT_LE(windows.at(i).size(), 10u);
    EXPECT_LT(windows.at(i).back().bar, octuple::kMaxBars);
    notes += windows.at(i).size();
  }
  EXPECT_EQ(notes, 25u + 2050u);
}

TEST_F(Examples, TheNotesDecideTheFingerprint) {
  const std::vector<fs::path> clips = {clip(0), clip(1)};
  const auto before = NoteExamples(clips, 100).fingerprint();
  EXPECT_EQ(NoteExamples(clips, 100).fingerprint(), before);
  write_clip(clip(1), 7, 61);
  EXPECT_NE(NoteExamples(clips, 100).fingerprint(), before);
}

// All rows behind each other.
std::vector<std::int64_t> joined(const TextRows& rows) {
  std::vector<std::int64_t> ids;
  for (std::int64_t i = 0; i < rows.size(); ++i) ids.insert(ids.end(), rows.at(i).begin(), rows.at(i).end());
  return ids;
}

TEST_F(Examples, ARowIsOneDocumentAboutOneClip) {
  const TextRows rows(file(), *prompt_, *tokenizer_, 1, 1000);
  ASSERT_EQ(rows.size(), 3);
  std::multiset<std::ptrdiff_t> answers;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(std::ranges::count(rows.at(i), *tokenizer_->bos_id()), 1);
    EXPECT_EQ(rows.at(i).front(), *tokenizer_->bos_id());
    EXPECT_EQ(rows.at(i).back(), *tokenizer_->eos_id());
    answers.insert(std::ranges::count(rows.at(i), *tokenizer_->eos_id()));
  }
  EXPECT_THAT(answers, ElementsAre(1, 1, 2));
}

TEST_F(Examples, EveryDocumentOfAClipBeginsWithItsFacts) {
  const std::vector<records::Question> two = {questions_[0], questions_[2]};
  const auto document = [&](const records::Question& question) {
    return prompt_->encode(question.question, question.answer, 1000, 0).input_ids;
  };
  const auto length = static_cast<std::int64_t>(std::max(document(two[0]).size(), document(two[1]).size()));
  const TextRows rows(file_of(two, directory_.path()), *prompt_, *tokenizer_, 1, length);
  ASSERT_EQ(rows.size(), 2);
  EXPECT_THAT((std::vector{rows.at(0), rows.at(1)}), UnorderedElementsAre(document(two[0]), document(two[1])));
}

TEST_F(Examples, ALongDocumentIsCutIntoSeveralRows) {
  const TextRows whole(file(), *prompt_, *tokenizer_, 1, 1000);
  const TextRows cut(file(), *prompt_, *tokenizer_, 1, 16);
  EXPECT_GT(cut.size(), whole.size());
  for (std::int64_t i = 0; i < cut.size(); ++i) {
    EXPECT_LE(cut.at(i).size(), 16u);
    EXPECT_GE(cut.at(i).size(), 2u);
  }
}

TEST_F(Examples, ADocumentHoldsTheFactsWhereTheMusicWillStand) {
  questions_.resize(2);
  questions_[0].facts = {{"dance", "reel"}, {"bars", "16"}};
  using Documents = std::set<std::vector<std::int64_t>>;
  const auto document = [&](const records::Question& question, const std::string& facts) {
    auto ids = prompt_->encode(question.question, question.answer, 1000, 0).input_ids;
    const auto written = tokenizer_->encode(facts);
    ids.insert(ids.begin() + 1, written.begin(), written.end());  // behind bos
    return ids;
  };
  std::set<Documents> seen;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const auto ids = joined(TextRows(file(), *prompt_, *tokenizer_, seed, 1000));
    const auto second = std::find(ids.begin() + 1, ids.end(), *tokenizer_->bos_id());
    seen.insert(Documents{{ids.begin(), second}, {second, ids.end()}});
  }
  EXPECT_EQ(seen, (std::set<Documents>{{document(questions_[0], "reel, 16"), document(questions_[1], "")},
                                       {document(questions_[0], "16, reel"), document(questions_[1], "")}}));
}

TEST_F(Examples, TheSeedDecidesTheOrderOfTheText) {
  std::set<std::vector<std::int64_t>> orders;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    orders.insert(joined(TextRows(file(), *prompt_, *tokenizer_, seed, 16)));
    EXPECT_EQ(TextRows(file(), *prompt_, *tokenizer_, seed, 16).fingerprint(),
              TextRows(file(), *prompt_, *tokenizer_, seed, 16).fingerprint());
  }
  EXPECT_GT(orders.size(), 3u);
}

TEST_F(Examples, TheTokenizerIsTrainedOnPromptsAndAnswers) {
  questions_.resize(1);
  EXPECT_THAT(tokenizer_texts(file()), ElementsAre("Question: Which key is it in?\nAnswer:\n", "G major."));
}

TEST_F(Examples, ATemplateWithoutMusicHasTheNotesAsText) {
  const text::PromptTemplate prompt("{bos}{notes}\n{question}\n{answer}{eos}", *tokenizer_);
  const ClipInputs clips(config_, prompt, records::clips_of(questions_), torch::kCPU);
  const QaExamples examples(file(), clips, prompt, 500);
  const auto example = examples.at(0);
  EXPECT_FALSE(example.music.defined());
  EXPECT_EQ(static_cast<std::size_t>(examples.tokens(0)), example.input_ids.size());
  const std::string& notes = clips.notes(clip(0));
  EXPECT_EQ(example.input_ids, prompt.encode(questions_[0].question, questions_[0].answer, 500, 0, notes).input_ids);
  EXPECT_THAT(tokenizer_->decode(example.input_ids), HasSubstr(std::string(text::strip(notes)) + "\nWhich key is it in?"));
}

}  // namespace
}  // namespace midillama::data
