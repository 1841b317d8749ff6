// From checkpoints that others published to the directories that this program reads.
#pragma once

#include "midillama/model/musicbert.h"

#include <cstddef>
#include <filesystem>

namespace midillama::tools {

struct ConvertedMusicBert {
  model::MusicBertConfig config;
  std::size_t tensors = 0;   // written
  std::size_t left_out = 0;  // of pre-training and task heads
};

// Reads a MusicBERT and writes a MusicBERT directory, weights in the dtype that they have. `checkpoint`: a fairseq checkpoint (.pt, weights
// under "model"), or the weights of the Hugging Face port musicbert_hf (.safetensors, or a .pt or .bin file of tensors by name) with or
// without its config.json beside them. Nothing in a .pt file is run. Sizes are told from the tensors, the number of attention heads from
// the settings in the file, or from config.json; else it is hidden_size / 64, which is logged. InputError where `directory` holds anything,
// the file cannot be read, it is of another dictionary, or a tensor is missing, unexpected or mis-shaped (the whole list); nothing is
// written then.
ConvertedMusicBert convert_musicbert(const std::filesystem::path& checkpoint, const std::filesystem::path& directory);

}  // namespace midillama::tools
