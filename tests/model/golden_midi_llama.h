// The model of tests/golden/model on any device, and a batch for it.
#pragma once

#include "midillama/model/midi_llama.h"

namespace midillama::model {

inline MidiLlama golden_midi_llama(torch::Device device, torch::ScalarType dtype = torch::kFloat32) {
  const std::filesystem::path goldens = "tests/golden/model";
  MidiLlama model(load_llama(goldens / "llama_gqa", device, dtype), 6, 1);
  load_trained(model, goldens / "midi_llama");
  model->eval();
  return model;
}

// Three texts of 5, 7 and 9 tokens with music, the first two tokens without a label.
inline std::vector<MusicText> golden_batch() {
  std::vector<MusicText> texts(3);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t token = 0; token < 5 + 2 * i; ++token)
      texts[i].input_ids.push_back(static_cast<std::int64_t>(1 + (7 * token + i) % 20));
    texts[i].labels = texts[i].input_ids;
    texts[i].labels[0] = texts[i].labels[1] = kNoLabel;
    texts[i].music_position = 1;
    texts[i].music = at::arange(6, torch::kFloat32).view({1, 6}) / (1.0 + static_cast<double>(i));
  }
  return texts;
}

}  // namespace midillama::model
