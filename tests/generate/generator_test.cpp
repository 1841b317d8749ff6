#include "midillama/generate/generator.h"

#include "generate/tiny_model.h"
#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace midillama::generate {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

std::vector<std::vector<std::int64_t>> tokens_of(const std::vector<Completion>& completions) {
  std::vector<std::vector<std::int64_t>> tokens;
  for (const auto& completion : completions) tokens.push_back(completion.token_ids);
  return tokens;
}

struct GeneratorTest : testing::Test {
  std::vector<Completion> run(const SamplingOptions& options) { return generate(tiny.model, tiny.prompts(), options); }
  Completion alone(std::size_t index, const SamplingOptions& options) {
    return generate(tiny.model, std::vector{tiny.cases[index].prompt}, options)[0];
  }

  TinyModel tiny = load_tiny_model();
};
using GoldenGeneratorTest = GeneratorTest;

TEST_F(GoldenGeneratorTest, GreedyTokensOfASinglePromptAreThoseOfTransformers) {
  for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
    const auto completion = alone(i, {.max_new_tokens = 64});
    EXPECT_EQ(completion.token_ids, tiny.cases[i].tokens) << "prompt " << i;
    EXPECT_EQ(completion.finish, Finish::length);
  }
}

TEST_F(GoldenGeneratorTest, GreedyTokensOfABatchAreThoseOfTransformers) {
  for (const std::int64_t batch_size : {2, 3, 32}) {
    const auto completions = run({.max_new_tokens = 64, .batch_size = batch_size});
    for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
      EXPECT_EQ(completions[i].token_ids, tiny.cases[i].tokens) << "prompt " << i << ", batches of " << batch_size;
    }
  }
}

TEST_F(GoldenGeneratorTest, GreedyTokensOfFixedShapesAreThoseOfTransformers) {
  for (const std::int64_t batch_size : {1, 3, 32}) {
    const auto completions = run({.max_new_tokens = 64, .batch_size = batch_size, .fixed_shapes = true});
    for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
      EXPECT_EQ(completions[i].token_ids, tiny.cases[i].tokens) << "prompt " << i << ", batches of " << batch_size;
    }
  }
}

// With an adapter, and rows that end one after the other.
TEST_F(GeneratorTest, FixedShapesGiveTheTokensOfGrowingOnes) {
  tiny.model->add_lora({}, 3);
  {
    const torch::NoGradGuard no_grad;
    for (const auto& item : tiny.model->named_parameters()) {
      if (item.key().ends_with("lora_B")) item.value().fill_(0.02);
    }
  }
  for (const double temperature : {0.0, 1.0}) {
    SamplingOptions options{.max_new_tokens = 50, .temperature = temperature, .top_p = 0.9, .stop_ids = {46, 20, 15}};
    const auto growing = run(options);
    options.fixed_shapes = true;
    const auto fixed = run(options);
    EXPECT_EQ(tokens_of(fixed), tokens_of(growing));
    std::set<std::size_t> lengths;
    for (std::size_t i = 0; i < fixed.size(); ++i) {
      EXPECT_EQ(fixed[i].finish, growing[i].finish) << "prompt " << i;
      lengths.insert(fixed[i].token_ids.size());
    }
    EXPECT_GT(lengths.size(), 2U) << "rows that end together do not show that the others go on";
  }
}

TEST_F(GeneratorTest, TokensOfWeightsInEightBitsDoNotDependOnTheBatch) {
  tiny.model->llama->decode_in_int8();
  for (const std::int64_t batch_size : {2, 3, 32}) {
    const auto completions = run({.max_new_tokens = 64, .batch_size = batch_size});
    for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
      EXPECT_EQ(completions[i].token_ids, alone(i, {.max_new_tokens = 64}).token_ids) << "prompt " << i << ", batches of " << batch_size;
    }
  }
}

TEST_F(GeneratorTest, WeightsInEightBitsAndFixedShapesAreRefused) {
  tiny.model->llama->decode_in_int8();
  EXPECT_THAT([&] { run({.fixed_shapes = true}); }, ThrowsMessage<Error>(HasSubstr("fixed shapes")));
}

TEST_F(GeneratorTest, EveryRowStopsAtItsOwnStopId) {
  const std::vector<std::int64_t> stops = {46, 20};
  const auto completions = run({.max_new_tokens = 64, .stop_ids = stops});
  std::vector<std::size_t> lengths;
  for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
    const auto& tokens = tiny.cases[i].tokens;
    const auto stop = std::ranges::find_first_of(tokens, stops);
    ASSERT_NE(stop, tokens.end());
    EXPECT_EQ(completions[i].token_ids, std::vector(tokens.begin(), stop)) << "prompt " << i;
    EXPECT_EQ(completions[i].finish, Finish::stop);
    lengths.push_back(completions[i].token_ids.size());
  }
  std::ranges::sort(lengths);
  EXPECT_NE(lengths.front(), lengths.back()) << "rows that end together do not show that the others go on";
}

TEST_F(GeneratorTest, AFirstTokenThatStopsGivesAnEmptyAnswer) {
  const auto completion = alone(0, {.stop_ids = {tiny.cases[0].tokens[0]}});
  EXPECT_THAT(completion.token_ids, SizeIs(0));
  EXPECT_EQ(completion.finish, Finish::stop);
}

TEST_F(GeneratorTest, TheContextEndsAnAnswer) {
  const auto completions = run({.max_new_tokens = 1000});
  for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
    const auto& prompt = tiny.cases[i].prompt;
    const auto length = prompt.input_ids.size() + (prompt.music.defined() ? static_cast<std::size_t>(prompt.music.size(0)) : 0);
    EXPECT_THAT(completions[i].token_ids, SizeIs(128 - length)) << "prompt " << i;
    EXPECT_EQ(completions[i].finish, Finish::context);
  }
}

TEST_F(GeneratorTest, APromptThatFillsTheContextIsRefused) {
  const std::vector<model::MusicText> prompts = {{.input_ids = std::vector<std::int64_t>(128, 5), .labels = {}, .music = {}}};
  EXPECT_THAT([&] { generate(tiny.model, prompts, {}); }, ThrowsMessage<Error>(HasSubstr("128 tokens")));
}

// Kind A7.
TEST_F(GeneratorTest, LogitsThatAreNotFiniteAreNoAnswer) {
  const torch::NoGradGuard no_grad;
  tiny.model->llama->model->norm->weight.fill_(std::numeric_limits<float>::infinity());
  EXPECT_THAT([&] { run({}); }, ThrowsMessage<Error>(HasSubstr("not finite")));
}

TEST_F(GeneratorTest, AnEmptyPromptIsRefused) {
  EXPECT_THROW(generate(tiny.model, std::vector<model::MusicText>(1), {}), Error);
}

TEST_F(GeneratorTest, OptionsOutOfRangeAreRefused) {
  EXPECT_THROW(run({.max_new_tokens = 0}), UsageError);
  EXPECT_THROW(run({.temperature = -1}), UsageError);
  EXPECT_THROW(run({.top_p = 0}), UsageError);
  EXPECT_THROW(run({.batch_size = 0}), UsageError);
}

TEST_F(GeneratorTest, ASampledAnswerDoesNotDependOnItsBatch) {
  SamplingOptions options{.max_new_tokens = 40, .temperature = 1.0, .top_p = 0.9, .stop_ids = {15}, .seed = 7};
  const auto completions = run(options);
  for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
    options.first_stream = i;
    EXPECT_EQ(alone(i, options).token_ids, completions[i].token_ids) << "prompt " << i;
  }
}

TEST_F(GeneratorTest, PromptsDrawFromDifferentStreamsAndSeeds) {
  const std::vector<model::MusicText> twice(2, tiny.cases[1].prompt);
  const SamplingOptions options{.max_new_tokens = 30, .temperature = 2.0};
  const auto completions = generate(tiny.model, twice, options);
  EXPECT_NE(completions[0].token_ids, completions[1].token_ids);
  auto other_seed = options;
  other_seed.seed = 2;
  EXPECT_NE(generate(tiny.model, twice, other_seed)[0].token_ids, completions[0].token_ids);
  EXPECT_EQ(generate(tiny.model, twice, options)[0].token_ids, completions[0].token_ids);
}

TEST_F(GeneratorTest, TheModeOfTheModelIsRestoredAndProgressReported) {
  tiny.model->train();
  std::vector<std::size_t> finished;
  generate(tiny.model, tiny.prompts(), {.max_new_tokens = 2, .batch_size = 4}, [&](std::size_t count) { finished.push_back(count); });
  EXPECT_TRUE(tiny.model->is_training());
  EXPECT_THAT(finished, testing::ElementsAre(4, 7));
}

}  // namespace
}  // namespace midillama::generate
