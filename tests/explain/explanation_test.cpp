#include "midillama/explain/explanation.h"

#include "eval/tiny_world.h"
#include "explain/answer_probability.h"
#include "midillama/core/json_text.h"
#include "midillama/generate/generator.h"
#include "midillama/octuple/octuple.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace midillama::explain {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

constexpr const char* kAnswer = "It is a reel.";

struct ExplainTest : testing::Test {
  generate::Session& session() {
    if (!session_) session_.emplace(world.config, world.path("checkpoint"), torch::kCPU);
    return *session_;
  }
  midi::Score clip(int number = 0) const { return midi::read_midi(world.path(fmt::format("data/clips/test-{}.mid", number))); }
  static text::Conversation question() { return {.messages = {{text::Role::user, "Which dance is it?"}}}; }
  Explanation explained(const Options& options = {}) { return explain(session(), clip(), question(), kAnswer, options); }

  // Prompt and answer, labels on the answer.
  model::MusicText text_of(const Explanation& explanation) {
    model::MusicText text = session().encode(explanation.question, session().hear(clip()));
    text.labels.assign(text.input_ids.size(), model::kNoLabel);
    text.input_ids.insert(text.input_ids.end(), explanation.token_ids.begin(), explanation.token_ids.end());
    text.labels.insert(text.labels.end(), explanation.token_ids.begin(), explanation.token_ids.end());
    return text;
  }
  double log_probability(const Explanation& explanation, const torch::Tensor& music) {
    const torch::NoGradGuard no_grad;
    model::MusicText text = text_of(explanation);
    text.music = music;
    return -session().model->loss(std::span(&text, 1)).sum.item<double>();
  }

  eval::TinyWorld world;
  std::optional<generate::Session> session_;
};

double sum_of(const std::vector<Note>& notes, double Note::*value) {
  return std::accumulate(notes.begin(), notes.end(), 0.0, [&](double sum, const Note& note) { return sum + note.*value; });
}

TEST_F(ExplainTest, TheAnswerIsTheOneThatGenerateWrites) {
  const std::vector prompt = {session().encode("Which dance is it?", session().hear(clip()))};
  const auto completion = generate::generate(session().model, prompt, session().sampling).at(0);
  const Explanation explanation = explain(session(), clip(), question());
  EXPECT_EQ(explanation.token_ids, completion.token_ids);
  EXPECT_EQ(explanation.answer, session().decode(completion.token_ids));
  EXPECT_EQ(explanation.question, "Which dance is it?");
  EXPECT_NEAR(explanation.log_probability, log_probability(explanation, prompt[0].music), 1e-4);
}

TEST_F(ExplainTest, AGivenAnswerIsExplainedWithoutItsEnd) {
  const Explanation explanation = explained();
  EXPECT_EQ(explanation.answer, kAnswer);
  EXPECT_EQ(session().decode(explanation.token_ids), kAnswer);
  EXPECT_THAT(explanation.token_ids, testing::Not(testing::Contains(*session().tokenizer->eos_id())));
  EXPECT_NEAR(explanation.log_probability, log_probability(explanation, session().hear(clip()).music), 1e-4);
  EXPECT_NEAR(explanation.log_probability_zero_music, log_probability(explanation, torch::zeros({1, 16})), 1e-4);
}

TEST_F(ExplainTest, NotesAreThoseOfTheClipInTheOctuplesOrder) {
  midi::Score score = clip();
  score.instruments.push_back({.program = 40, .is_drum = true, .name = {}, .notes = {{{0}, {120}, 38, 90}}});
  const Explanation explanation = explain(session(), score, question(), kAnswer);
  const auto octuples = octuple::encode(score);
  ASSERT_EQ(explanation.notes.size(), octuples.size());
  for (std::size_t i = 0; i < octuples.size(); ++i) {
    EXPECT_EQ(explanation.notes[i].pitch, octuples[i].pitch % 128);
    EXPECT_EQ(explanation.notes[i].is_drum, octuples[i].program == 128);
  }
  const auto drum = std::ranges::find(explanation.notes, true, &Note::is_drum);
  ASSERT_NE(drum, explanation.notes.end());
  EXPECT_EQ(drum->velocity, 90);
  EXPECT_EQ(drum->program, 40);
  EXPECT_DOUBLE_EQ(drum->end.value, 0.125);
  EXPECT_DOUBLE_EQ(explanation.bars.at(1).value, 2.0);
}

// The decoder and projector once more in float64, where differences of log-probabilities have digits.
struct Double {
  Double(const eval::TinyWorld& world, model::MusicText text)
      : model(model::load_llama(world.config.llm.path, torch::kCPU, torch::kFloat64), 16, 1), text(std::move(text)) {
    model::load_trained(model, world.path("checkpoint"));
    model->to(torch::kFloat64);
    model->eval();
  }
  double log_probability(const torch::Tensor& music) {
    const torch::NoGradGuard no_grad;
    text.music = music;
    const torch::Tensor row = model->splice(std::span(&text, 1))[0];
    const torch::Tensor log_p = model->llama->logits(model->llama->forward(row.unsqueeze(0), {}).squeeze(0)).log_softmax(-1);
    double sum = 0;
    for (std::int64_t i = 0; i < std::ssize(text.labels); ++i) {
      const auto label = text.labels[static_cast<std::size_t>(i)];
      if (label != model::kNoLabel) sum += log_p[i - 1 + music.size(0)][label].item<double>();
    }
    return sum;
  }
  // Of log p along `step` at `music`.
  double slope(const torch::Tensor& music, const torch::Tensor& step) {
    constexpr double kSmall = 1e-4;
    return (log_probability(music + kSmall * step) - log_probability(music - kSmall * step)) / (2 * kSmall);
  }

  model::MidiLlama model;
  model::MusicText text;
};

TEST_F(ExplainTest, GradientsAreThoseOfFiniteDifferencesAndAddUp) {
  for (const std::int64_t tokens : {1, 3}) {
    world.config.music_encoder.tokens = tokens;
    session_.reset();
    const Explanation explanation = explained();
    Double exact{world, text_of(explanation)};
    const auto heard = session().hear_notes(clip());
    const torch::Tensor weights = (heard.spans / heard.spans.sum(1, true)).to(torch::kFloat64), vectors = heard.vectors.to(torch::kFloat64);
    const torch::Tensor music = weights.matmul(vectors);
    EXPECT_TRUE(music.to(torch::kFloat32).allclose(session().hear(clip()).music, 1e-5, 1e-6));
    EXPECT_NEAR(exact.log_probability(music), explanation.log_probability, 1e-4);
    const double scale = exact.slope(music, music);
    for (std::int64_t note = 0; note < vectors.size(0); ++note) {
      const torch::Tensor part = weights.narrow(1, note, 1).matmul(vectors.narrow(0, note, 1));
      EXPECT_NEAR(explanation.notes[static_cast<std::size_t>(note)].gradient, exact.slope(music, part), 1e-4 * std::abs(scale)) << note;
    }
    EXPECT_NEAR(sum_of(explanation.notes, &Note::gradient), scale, 1e-4 * std::abs(scale));
    EXPECT_NEAR(sum_of(explanation.notes, &Note::share), static_cast<double>(tokens), 1e-6);
  }
}

TEST_F(ExplainTest, LeavingANoteOutTakesTheMeanOfTheOthers) {
  const Explanation explanation = explained();
  const torch::Tensor vectors = session().hear_notes(clip()).vectors;
  for (const std::int64_t note : {0, 7, 15}) {
    const torch::Tensor others = at::cat({vectors.slice(0, 0, note), vectors.slice(0, note + 1)}).mean(0, true);
    EXPECT_NEAR(explanation.notes[static_cast<std::size_t>(note)].left_out,
                explanation.log_probability - log_probability(explanation, others), 1e-5);
  }
  EXPECT_EQ(explanation.notes_left_out_at_once, 1);
  EXPECT_DOUBLE_EQ(explanation.notes[3].share, 1.0 / 16);
}

// To first order both say the same, but for what all notes have in common.
TEST_F(ExplainTest, LeavingOutAgreesWithTheGradient) {
  const Explanation explanation = explained();
  EXPECT_GT(explanation.pearson.value(), 0.9);
  EXPECT_GT(explanation.spearman.value(), 0.9);
}

TEST_F(ExplainTest, NeighboursOfALongClipAreLeftOutTogether) {
  const Explanation explanation = explained({.most_passes = 6});
  EXPECT_EQ(explanation.notes_left_out_at_once, 3);
  const torch::Tensor vectors = session().hear_notes(clip()).vectors;
  const double difference =
      explanation.log_probability - log_probability(explanation, at::cat({vectors.slice(0, 0, 3), vectors.slice(0, 6)}).mean(0, true));
  for (const std::size_t note : {3, 4, 5}) EXPECT_NEAR(explanation.notes[note].left_out, difference / 3, 1e-5);
  EXPECT_NEAR(explanation.notes[15].left_out,
              explanation.log_probability - log_probability(explanation, vectors.slice(0, 0, 15).mean(0, true)), 1e-5);
}

TEST_F(ExplainTest, OneNoteLeftOutLeavesTheZeroVector) {
  midi::Score score = clip();
  score.instruments[0].notes.resize(1);
  const Explanation explanation = explain(session(), score, question(), kAnswer);
  ASSERT_EQ(explanation.notes.size(), 1U);
  EXPECT_DOUBLE_EQ(explanation.notes[0].left_out, explanation.log_probability - explanation.log_probability_zero_music);
  EXPECT_FALSE(explanation.pearson);
}

TEST_F(ExplainTest, AZeroVectorCarriesNothing) {
  Exchange exchange = read_exchange(session(), clip(), question(), kAnswer);
  exchange.notes.vectors[5].fill_(0);
  const auto gradients = AnswerProbability(session().model, exchange).note_gradients();
  EXPECT_EQ(gradients[5], 0);
  EXPECT_NE(gradients[4], 0);
}

TEST_F(ExplainTest, EarlierTurnsAreNoPartOfTheAnswer) {
  text::Conversation conversation = question();
  conversation.messages.push_back({text::Role::assistant, "A reel."});
  conversation.messages.push_back({text::Role::user, "Which key?"});
  const Explanation explanation = explain(session(), clip(), conversation, "D minor.");
  EXPECT_EQ(explanation.question, "Which key?");
  EXPECT_EQ(session().decode(explanation.token_ids), "D minor.");
}

TEST_F(ExplainTest, ParametersTakeNoGradientsAndOthersMayDecode) {
  session().model->add_lora(world.config.lora, 3);
  session().model->eval();
  const Explanation alone = explained();
  const auto request = [&] { return std::vector{session().encode("Which dance is it?", session().hear(clip()))}; };
  const auto expected = generate::generate(session().model, request(), session().sampling)[0].token_ids;
  std::vector<std::vector<std::int64_t>> written(4);
  std::thread decoding([&] {
    for (auto& ids : written) ids = generate::generate(session().model, request(), session().sampling)[0].token_ids;
  });
  std::vector<Explanation> beside;
  for (int i = 0; i < 4; ++i) beside.push_back(explained());
  decoding.join();
  for (const auto& ids : written) EXPECT_EQ(ids, expected);
  for (const Explanation& explanation : beside) EXPECT_EQ(json_text(to_json(explanation)), json_text(to_json(alone)));
  for (const auto& parameter : session().model->named_parameters()) EXPECT_FALSE(parameter.value().grad().defined()) << parameter.key();
}

TEST_F(ExplainTest, WeightsOf8BitsAreForDecodingOnly) {
  const Explanation own = explained();
  world.config.generate.weights = "int8";
  session_.reset();
  EXPECT_EQ(json_text(to_json(explained())), json_text(to_json(own)));
}

TEST_F(ExplainTest, TheJsonHasEveryNumber) {
  const OrderedJson json = to_json(explained());
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  EXPECT_EQ(keys, (std::vector<std::string>{"question", "answer", "token_ids", "log_probability", "log_probability_zero_music",
                                            "notes_left_out_at_once", "agreement", "bars", "notes"}));
  EXPECT_TRUE(json.at("agreement").at("pearson").is_number());
  const auto& note = json.at("notes").at(1);
  EXPECT_EQ(note.at("pitch"), 41);
  EXPECT_EQ(note.at("start"), 0.25);
  EXPECT_EQ(note.size(), 9U);
}

TEST_F(ExplainTest, WhatCannotBeExplainedIsRefused) {
  EXPECT_THAT(error_of([&] { explain(session(), {}, question(), kAnswer); }), HasSubstr("there are no notes to hear"));
  EXPECT_THAT(error_of([&] { explain(session(), clip(), {.messages = {{text::Role::user, " \n"}}}); }), HasSubstr("the question is empty"));
  EXPECT_THAT(error_of([&] { explain(session(), clip(), {}); }), HasSubstr("the question is empty"));
  EXPECT_THAT(error_of([&] { explain(session(), clip(), question(), " "); }), HasSubstr("the answer is empty"));
  EXPECT_THAT(error_of([&] { explained({.most_passes = 0}); }), HasSubstr("must be at least 1"));
  EXPECT_THAT(error_of([&] { explain(session(), clip(), question(), std::string(500, 'x')); }), HasSubstr("prompts may have 127"));
  world.config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  session_.emplace(world.config, "", torch::kCPU);
  EXPECT_THAT(error_of([&] { explained(); }), HasSubstr("prompt.template has no {music}"));
  world.config.prompt.template_text = "plain";
  world.config.music_encoder.pooling = "none";
  session_.emplace(world.config, "", torch::kCPU);
  EXPECT_THAT(error_of([&] { explained(); }), HasSubstr("no mean is taken over the notes"));
}

}  // namespace
}  // namespace midillama::explain
