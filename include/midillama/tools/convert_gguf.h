// From a GGUF file, the one-file format of llama.cpp, to a language model in Hugging Face layout.
#pragma once

#include "midillama/shapes/llama_config.h"

#include <torch/types.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace midillama::tools {

struct ConvertedGguf {
  shapes::LlamaConfig config;
  std::size_t tensors = 0;                   // written
  std::map<std::string, std::size_t> types;  // how many tensors of the file are of each
};

// Writes config.json, generation_config.json, tokenizer.json, tokenizer_config.json (with the chat template) and model.safetensors in
// `dtype`. float32 holds what the file says to the last bit. One tensor is in memory at a time. InputError where `directory` holds anything
// or the file is not what gguf/llama.h and gguf/tokenizer.h take; nothing is written then.
ConvertedGguf convert_gguf(const std::filesystem::path& file, const std::filesystem::path& directory, torch::ScalarType dtype);

}  // namespace midillama::tools
