#include "midillama/tools/inspect.h"

#include "eval/tiny_world.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_embeddings.h"
#include "midillama/records/question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace midillama::tools {
namespace {

using testing::ElementsAre;

struct InspectTest : testing::Test {
  std::vector<OrderedJson> run(const InspectOptions& options) {
    std::stringstream out;
    inspect(world.config, options, torch::kCPU, out);
    std::vector<OrderedJson> lines;
    for (std::string line; std::getline(out, line);) lines.push_back(OrderedJson::parse(line));
    return lines;
  }
  eval::TinyWorld world;
};

TEST_F(InspectTest, PrintsEveryExampleInFileOrder) {
  const auto lines = run({.split = "valid", .checkpoint = {}});
  ASSERT_EQ(lines.size(), 12U);
  EXPECT_EQ(lines[0]["id"], "valid-0:dance");
  EXPECT_EQ(lines[11]["id"], "valid-3:caption");
  std::vector<std::string> keys;
  for (const auto& [key, value] : lines[0].items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("id", "input_ids", "labels", "music_position", "music_tokens", "loss", "target_tokens"));
  EXPECT_TRUE(lines[0]["loss"].is_null());
  EXPECT_EQ(lines[0]["music_position"], 1);
  EXPECT_EQ(lines[0]["music_tokens"], 1);
}

TEST_F(InspectTest, LabelsAreTheIdsOfTheAnswer) {
  const auto line = run({.split = "train", .examples = 1, .checkpoint = {}}).at(0);
  const auto ids = line["input_ids"].get<std::vector<std::int64_t>>();
  const auto labels = line["labels"].get<std::vector<std::int64_t>>();
  const auto tokenizer = text::load_tokenizer(world.config.llm.path);
  std::vector<std::int64_t> targets;
  ASSERT_EQ(labels.size(), ids.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != -100) targets.push_back(labels[i]);
    EXPECT_TRUE(labels[i] == -100 || labels[i] == ids[i]);
  }
  EXPECT_EQ(line["target_tokens"], targets.size());
  EXPECT_EQ(targets.back(), tokenizer->eos_id());
  EXPECT_EQ(tokenizer->decode(targets), "It is a reel.");
}

// The loss of an example computed from the logits of the spliced row, one position at a time.
double plain_loss(model::MidiLlama& model, const OrderedJson& line, const torch::Tensor& music) {
  const auto ids = line["input_ids"].get<std::vector<std::int64_t>>();
  const auto labels = line["labels"].get<std::vector<std::int64_t>>();
  const auto text = model->llama->embed(torch::tensor(ids, torch::kInt64));
  const auto row = torch::cat({text.slice(0, 0, 1), model->project(music), text.slice(0, 1)}).unsqueeze(0);
  const auto log_probabilities = model->llama->logits(model->llama->forward(row, {})).log_softmax(-1)[0];
  double sum = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto predecessor = static_cast<std::int64_t>(i) + music.size(0) - 1;
    if (labels[i] != -100) sum -= log_probabilities[predecessor][labels[i]].item<double>();
  }
  return sum / line["target_tokens"].get<double>();
}

TEST_F(InspectTest, TheLossIsTheMeanOverTheTargets) {
  world.config.music_encoder.tokens = 2;
  const auto lines = run({.split = "test", .examples = 17, .loss = true, .checkpoint = world.path("checkpoint")});
  ASSERT_EQ(lines.size(), 17U);
  const torch::NoGradGuard no_grad;
  model::MidiLlama model(model::load_llama(world.config.llm.path, torch::kCPU, torch::kFloat32), 16, 9);
  model::load_trained(model, world.path("checkpoint"));
  const auto questions = records::read_questions(world.config.data.dir, "test");
  std::vector<std::filesystem::path> clips;
  for (const auto& question : questions) clips.push_back(question.clip);
  const data::ClipEmbeddings embeddings(world.config, clips, torch::kCPU);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["music_tokens"], 2);
    EXPECT_NEAR(lines[i]["loss"].get<double>(), plain_loss(model, lines[i], embeddings.at(questions[i].clip)), 1e-5) << i;
  }
}

TEST_F(InspectTest, ATerminalShowsTheTokensInTheirColours) {
  world.config.music_encoder.tokens = 2;
  std::stringstream out;
  inspect(world.config, {.split = "train", .examples = 1, .colour = true, .checkpoint = {}}, torch::kCPU, out);
  const std::string text = out.str();
  const auto line = run({.split = "train", .examples = 1, .checkpoint = {}}).at(0);
  const auto tokenizer = text::load_tokenizer(world.config.llm.path);
  const auto ids = line["input_ids"].get<std::vector<std::int64_t>>();
  const auto labels = line["labels"].get<std::vector<std::int64_t>>();
  std::string expected;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i == 1) expected += "\x1b[1;35m[music]\x1b[0m \x1b[1;35m[music]\x1b[0m ";
    const auto token = ids[i] == tokenizer->token_id("\n") ? "\\n" : tokenizer->token(ids[i]);
    expected += (labels[i] == -100 ? "\x1b[2m" : "\x1b[1;32m") + token + "\x1b[0m ";
  }
  EXPECT_THAT(text, testing::StartsWith("\x1b[2mmasked (no loss)\x1b[0m  \x1b[1;32mtarget\x1b[0m  \x1b[1;35mmusic\x1b[0m\n"));
  EXPECT_THAT(text, testing::HasSubstr("train-0:dance"));
  EXPECT_THAT(text, testing::HasSubstr(fmt::format("{} tokens, {} target, 2 music\n", ids.size() + 2, line["target_tokens"].get<int>())));
  EXPECT_THAT(text, testing::HasSubstr("\n" + expected + "\n"));
}

TEST_F(InspectTest, WhatIsCutIsCountedAndListed) {
  const auto whole = run({.split = "test", .examples = 2, .checkpoint = {}});
  const auto longest = static_cast<std::int64_t>(whole[0]["input_ids"].size()) + 1;
  world.config.prompt.max_length = longest - 2;
  const auto log_file = world.folder.path() / "log.txt";
  log::attach_file(log_file);
  const auto cut = run({.split = "test", .examples = 1, .checkpoint = {}});
  EXPECT_EQ(cut[0]["input_ids"].size() + 1, static_cast<std::size_t>(longest) - 2);
  EXPECT_EQ(cut[0]["target_tokens"], whole[0]["target_tokens"]);
  EXPECT_THAT(read_text(log_file), testing::HasSubstr("1 questions were cut at their end to fit"));
  EXPECT_THAT(read_text(log_file), testing::HasSubstr("test-0:dance (2 tokens)"));
}

TEST_F(InspectTest, AnExampleThatDoesNotFitNamesItsLine) {
  world.config.prompt.max_length = 10;
  EXPECT_THAT([&] { run({.split = "test", .checkpoint = {}}); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("test.jsonl: line 1")));
}

}  // namespace
}  // namespace midillama::tools
