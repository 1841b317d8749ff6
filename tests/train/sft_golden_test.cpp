// The trainer against a loop of torch, transformers and peft (tests/golden/train/make_sft.py).
#include "midillama/core/file.h"
#include "midillama/model/midi_llama.h"
#include "midillama/train/stage.h"
#include "train/stages.h"
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace midillama::train {
namespace {

// The generator's numbers: a name's phase, then a wave.
torch::Tensor wave(const std::string& name, std::int64_t count, double scale, double offset = 0) {
  std::int64_t phase = 0;
  for (std::size_t i = 0; i < name.size(); ++i) phase += static_cast<std::int64_t>(i + 1) * name[i];
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto x = static_cast<double>(i);
    values.push_back(offset + scale * std::sin(static_cast<double>(phase % 1009) + 1.7 * x + 0.01 * x * x));
  }
  return torch::tensor(values, torch::kFloat64).to(torch::kFloat32);
}

void fill(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& item : module.named_parameters()) {
    std::string name = item.key();
    if (name.starts_with("llama.")) name = name.substr(6);
    const bool norm = name.find("norm") != std::string::npos;
    item.value().copy_(wave(name, item.value().numel(), norm ? 0.1 : 0.2, norm ? 1 : 0).view(item.value().sizes()));
  }
}

class GoldenStage final : public Stage {
 public:
  explicit GoldenStage(const Json& golden)
      : golden_(golden),
        tokens_(golden["music_tokens"]),
        music_size_(golden["music_size"]),
        model_(llama(golden["llama"]), music_size_, 1) {
    config::Lora lora;
    lora.rank = golden["lora"]["rank"];
    lora.alpha = golden["lora"]["alpha"];
    lora.dropout = 0;
    model_->add_lora(lora, 1);
    fill(*model_);
    for (auto& item : model_->named_parameters()) {
      item.value().set_requires_grad(item.key().starts_with("projector.") || item.key().find("lora_") != std::string::npos);
    }
  }

  std::vector<std::string> essentials() const override { return {"lora."}; }
  torch::nn::Module& module() override { return *model_; }
  std::int64_t size(Split split) const override { return split == Split::train ? golden_["examples"].get<std::int64_t>() : 0; }
  std::string data_fingerprint() const override { return "golden"; }
  void save(const std::filesystem::path&) override {}

  std::int64_t tokens(const Draw& draw) const override { return example(draw).tokens; }
  Example example(const Draw& draw) const override {
    const std::int64_t number = draw.index;
    const std::int64_t length = 5 + number * 5 % 8;
    const std::int64_t answer = 2 + number % 3;
    model::MusicText text;
    for (std::int64_t i = 0; i < length; ++i) {
      text.input_ids.push_back((7 * number + 3 * i * i + i) % golden_["llama"]["vocab_size"].get<std::int64_t>());
      text.labels.push_back(i < length - answer ? -100 : text.input_ids.back());
    }
    text.music_position = 1;
    text.music = wave("music " + std::to_string(number), tokens_ * music_size_, 1).view({tokens_, music_size_});
    return {std::to_string(number), std::move(text), length + tokens_, answer};
  }

  torch::Tensor loss(std::span<const Example> batch) override {
    std::vector<model::MusicText> rows;
    for (const Example& example : batch) rows.push_back(std::any_cast<const model::MusicText&>(example.content));
    return model_->loss(rows).sum;
  }

  model::MidiLlama& model() { return model_; }

 private:
  static model::Llama llama(const Json& shape) {
    model::LlamaConfig config;
    config.vocab_size = shape["vocab_size"];
    config.hidden_size = shape["hidden_size"];
    config.intermediate_size = shape["intermediate_size"];
    config.num_hidden_layers = shape["num_hidden_layers"];
    config.num_attention_heads = shape["num_attention_heads"];
    config.num_key_value_heads = shape["num_key_value_heads"];
    config.head_dim = config.hidden_size / config.num_attention_heads;
    config.max_position_embeddings = 64;
    config.rope_theta = 10000;
    return model::Llama(config);
  }

  Json golden_;
  std::int64_t tokens_;
  std::int64_t music_size_;
  model::MidiLlama model_;
};

config::Config config_of(const Json& golden) {
  const Json& settings = golden["settings"];
  config::Config config;
  config.train.batch_size = golden["batch_size"];
  config.train.micro_batch_size = 3;
  config.train.max_steps = golden["steps"];
  config.train.learning_rate = settings["learning_rate"];
  config.train.warmup_ratio = settings["warmup_ratio"];
  config.train.weight_decay = settings["weight_decay"];
  config.train.max_grad_norm = settings["max_grad_norm"];
  config.train.beta1 = settings["beta1"];
  config.train.beta2 = settings["beta2"];
  config.train.epsilon = settings["epsilon"];
  config.train.shuffle = false;
  return config;
}

TEST(GoldenSft, TenStepsAreThoseOfTorchAndPeft) {
  const Json golden = read_json("tests/golden/train/sft.json");
  const TemporaryDirectory directory;
  const auto config = config_of(golden);
  const auto group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(1));
  const StageContext context{config, torch::kCPU, *group, directory.path(), std::nullopt, {}};
  GoldenStage stage(golden);
  runs::RunDirectory run(directory.path() / "sft", "sft", runs::Start::fresh);
  Trainer(config, "sft", context, stage, &run).run();

  const auto rows = runs::read_metrics(run.path() / "metrics.jsonl");
  ASSERT_EQ(rows.size(), golden["losses"].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_NEAR(rows[i]["loss"], golden["losses"][i].get<double>(), 1e-4) << "step " << i + 1;
    EXPECT_NEAR(rows[i]["grad_norm"], golden["grad_norms"][i].get<double>(), 1e-3) << "step " << i + 1;
    EXPECT_EQ(rows[i]["target_tokens"], golden["target_tokens"][i]) << "step " << i + 1;
  }
  const auto bias = torch::tensor(golden["projector_bias"].get<std::vector<double>>(), torch::kFloat32);
  EXPECT_TRUE(torch::allclose(stage.model()->projector->named_parameters()["bias"].detach(), bias, 1e-3, 1e-4));
}

}  // namespace
}  // namespace midillama::train
