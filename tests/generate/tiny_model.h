// The model and the prompts of tests/golden/generate.
#pragma once

#include "midillama/core/file.h"
#include "midillama/model/midi_llama.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <filesystem>
#include <vector>

namespace midillama::generate {

struct GoldenCase {
  model::MusicText prompt;
  std::vector<std::int64_t> tokens;  // 64, greedy, without a stop token
};

struct TinyModel {
  model::MidiLlama model{nullptr};
  std::vector<GoldenCase> cases;

  std::vector<model::MusicText> prompts() const {
    std::vector<model::MusicText> prompts;
    for (const auto& golden : cases) prompts.push_back(golden.prompt);
    return prompts;
  }
};

inline torch::Tensor matrix(const Json& rows) {
  const auto values = rows.get<std::vector<std::vector<float>>>();
  std::vector<float> flat;
  for (const auto& row : values) flat.insert(flat.end(), row.begin(), row.end());
  return torch::tensor(flat).view({static_cast<std::int64_t>(values.size()), -1});
}

inline TinyModel load_tiny_model() {
  at::set_num_threads(1);  // more than one costs time on models of this size
  const std::filesystem::path folder = "tests/golden/generate";
  const auto golden = read_json(folder / "generate.json");
  const auto weight = matrix(golden["projector"]["weight"]);
  TinyModel tiny;
  tiny.model = model::MidiLlama(model::load_llama(folder / "tiny_llama", torch::kCPU, torch::kFloat32), weight.size(1), 1);
  {
    const torch::NoGradGuard no_grad;
    const auto projector = tiny.model->projector->named_parameters();
    projector["weight"].copy_(weight);
    projector["bias"].copy_(torch::tensor(golden["projector"]["bias"].get<std::vector<float>>()));
  }
  for (const auto& entry : golden["cases"]) {
    model::MusicText prompt{.input_ids = entry["input_ids"], .labels = {}, .music_position = entry["music_position"], .music = {}};
    if (!entry["music"].is_null()) prompt.music = matrix(entry["music"]);
    tiny.cases.push_back({std::move(prompt), entry["tokens"]});
  }
  return tiny;
}

}  // namespace midillama::generate
