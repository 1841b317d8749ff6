#include "midillama/model/midi_llama.h"

#include "midillama/core/file.h"
#include "midillama/weights/safetensors.h"
#include "tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = "tests/golden/model";

torch::Tensor matrix(const Json& rows, std::int64_t columns) {
  std::vector<float> values;
  for (const Json& row : rows) {
    for (const Json& value : row) values.push_back(value.get<float>());
  }
  return torch::tensor(values, torch::kFloat32).view({-1, columns});
}

std::vector<MusicText> golden_examples(const Json& golden) {
  std::vector<MusicText> examples;
  for (const Json& row : golden.at("examples")) {
    MusicText& example = examples.emplace_back();
    example.input_ids = row.at("input_ids").get<std::vector<std::int64_t>>();
    example.labels = row.at("labels").get<std::vector<std::int64_t>>();
    example.music_position = row.at("music_position").get<std::int64_t>();
    if (!row.at("music").empty()) example.music = matrix(row.at("music"), 6);
  }
  return examples;
}

MidiLlama golden_model() {
  MidiLlama model(load_llama(kGoldens / "llama_gqa", torch::kCPU, torch::kFloat32), 6, 1);
  load_trained(model, kGoldens / "midi_llama");
  model->eval();
  return model;
}

TEST(GoldenMidiLlama, LossesEqualTransformersAndPeft) {
  const Json golden = read_json(kGoldens / "midi_llama" / "examples.json");
  const std::vector<MusicText> examples = golden_examples(golden);
  MidiLlama model = golden_model();
  const LossSum loss = model->loss(examples);
  ASSERT_EQ(loss.per_example.size(0), static_cast<std::int64_t>(examples.size()));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const double expected = golden.at("examples")[i].at("loss").get<double>();
    EXPECT_NEAR(loss.per_example[static_cast<std::int64_t>(i)].item<double>(), expected, 1e-4) << "example " << i;
    EXPECT_NEAR(model->loss(std::span(examples).subspan(i, 1)).sum.item<double>(), expected, 1e-4) << "example " << i << " alone";
  }
  EXPECT_NEAR(loss.sum.item<double>(), loss.per_example.sum().item<double>(), 1e-3);
  EXPECT_THAT(loss.targets_per_example, testing::ElementsAre(4, 11, 5, 11));
  EXPECT_EQ(loss.target_tokens, 31);
}

class GoldenMidiLlamaGradients : public testing::TestWithParam<bool> {};

TEST_P(GoldenMidiLlamaGradients, EqualPeftsAndReachProjectorAndAdapterOnly) {
  const weights::TensorMap expected = weights::read_safetensors(kGoldens / "midi_llama" / "expected.safetensors");
  MidiLlama model = golden_model();
  model->llama->recompute_layers = GetParam();
  model->loss(golden_examples(read_json(kGoldens / "midi_llama" / "examples.json"))).sum.backward();
  std::size_t compared = 0;
  for (const auto& parameter : model->named_parameters()) {
    const auto golden = expected.find(parameter.key());
    ASSERT_EQ(parameter.value().grad().defined(), golden != expected.end()) << parameter.key();
    if (golden == expected.end()) continue;
    EXPECT_LT(largest_difference(parameter.value().grad(), golden->second), 1e-4) << parameter.key();
    ++compared;
  }
  EXPECT_EQ(compared, expected.size());
}

MusicText example(std::vector<std::int64_t> ids, std::int64_t position, std::int64_t tokens) {
  MusicText text{ids, ids, position, {}};
  if (tokens > 0) text.music = at::randn({tokens, 6});
  return text;
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutActivationCheckpointing, GoldenMidiLlamaGradients, testing::Bool());

TEST(MidiLlama, SplicesTheMusicInItsPlace) {
  MidiLlama model = tiny_midi_llama();
  const std::vector<MusicText> batch = {example({3, 4, 5}, 1, 2), example({6, 7}, 0, 0), example({8}, 1, 1)};
  const auto rows = model->splice(batch);
  const auto word = [&](std::int64_t id) { return model->llama->embed(torch::tensor(id)); };
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].sizes(), at::IntArrayRef({5, 16}));
  EXPECT_TRUE(at::equal(rows[0][0], word(3)));
  EXPECT_TRUE(at::allclose(rows[0].narrow(0, 1, 2), model->project(batch[0].music)));
  EXPECT_TRUE(at::equal(rows[0][3], word(4)));
  EXPECT_TRUE(at::equal(rows[1], at::stack({word(6), word(7)})));
  EXPECT_TRUE(at::equal(rows[2][0], word(8)));
  EXPECT_TRUE(at::allclose(rows[2][1], model->project(batch[2].music)[0]));
}

TEST(MidiLlama, TheFirstLabelIsPredictedFromTheMusicBeforeItOrNotAtAll) {
  MidiLlama model = tiny_midi_llama();
  const std::vector<MusicText> batch = {example({3, 4}, 0, 1), example({3, 4}, 2, 1), example({3, 4}, 1, 1)};
  EXPECT_THAT(model->loss(batch).targets_per_example, testing::ElementsAre(2, 1, 1));
}

TEST(MidiLlama, ABatchWithoutTargetsHasZeroLossAndAGradient) {
  MidiLlama model = tiny_midi_llama();
  MusicText text = example({3, 4}, 1, 1);
  text.labels = {kNoLabel, kNoLabel};
  const LossSum loss = model->loss(std::span(&text, 1));
  EXPECT_EQ(loss.sum.item<float>(), 0.0f);
  EXPECT_EQ(loss.target_tokens, 0);
  loss.sum.backward();
  EXPECT_TRUE(at::equal(linear_projector(model)->weight.grad(), at::zeros({16, 6})));
}

TEST(MidiLlama, RefusesExamplesThatDoNotFit) {
  MidiLlama model = tiny_midi_llama();
  const auto refused = [&](MusicText text) { EXPECT_THROW(model->loss(std::span(&text, 1)), Error); };
  refused(example({3, 40}, 0, 1));
  refused(example({-1}, 0, 1));
  refused(example({3, 4}, 3, 1));
  refused(example({}, 0, 0));
  MusicText text = example({3, 4}, 0, 1);
  text.labels = {3};
  refused(text);
  text.labels = {3, 40};
  refused(text);
  EXPECT_THROW(model->loss({}), Error);
}

TEST(MidiLlama, WorksWithABfloat16DecoderAndAFloat32Projector) {
  Llama llama = tiny_llama();
  llama->to(torch::kBFloat16);
  MidiLlama model(llama, 6, 5);
  model->add_lora({.rank = 2, .alpha = 4, .dropout = 0.0, .target_modules = {"q_proj", "down_proj"}}, 1);
  const std::vector<MusicText> batch = {example({3, 4, 5}, 1, 2), example({6, 7}, 0, 0)};
  const LossSum loss = model->loss(batch);
  EXPECT_EQ(loss.sum.scalar_type(), torch::kFloat32);
  loss.sum.backward();
  EXPECT_EQ(linear_projector(model)->weight.grad().scalar_type(), torch::kFloat32);
  EXPECT_GT(linear_projector(model)->weight.grad().abs().sum().item<double>(), 0);
  EXPECT_EQ(model->llama->model->layers[0]->self_attn->q_proj->lora_B.grad().scalar_type(), torch::kFloat32);
}

TEST(MidiLlama, LoraGoesWhereTheTargetsSay) {
  MidiLlama model = tiny_midi_llama();
  EXPECT_THROW(model->add_lora({.target_modules = {"q_proj", "lm_head"}}, 1), Error);
  EXPECT_THROW(model->add_lora({.target_modules = {}}, 1), Error);
  model->add_lora({.target_modules = {"q_proj", "layers.1.mlp.up_proj"}}, 1);
  const auto& layers = model->llama->model->layers;
  EXPECT_TRUE(layers[0]->self_attn->q_proj->has_adapter() && layers[1]->self_attn->q_proj->has_adapter());
  EXPECT_TRUE(layers[1]->mlp->up_proj->has_adapter());
  EXPECT_FALSE(layers[0]->mlp->up_proj->has_adapter());
  EXPECT_THROW(model->add_lora({}, 1), Error);
}

TEST(MidiLlama, StartsFromItsSeed) {
  const auto start = [](std::uint64_t seed) {
    MidiLlama model(tiny_llama(), 6, seed);
    model->add_lora({}, seed);
    return std::pair(linear_projector(model)->weight.clone(), model->llama->model->layers[1]->mlp->up_proj->lora_A.clone());
  };
  EXPECT_TRUE(at::equal(start(1).first, start(1).first) && at::equal(start(1).second, start(1).second));
  EXPECT_FALSE(at::equal(start(1).first, start(2).first) || at::equal(start(1).second, start(2).second));
}

}  // namespace
}  // namespace midillama::model
