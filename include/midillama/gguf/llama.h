// A GGUF file of the architecture `llama` in the terms of a Hugging Face directory: its shape, and where each tensor comes from.
#pragma once

#include "midillama/gguf/file.h"
#include "midillama/shapes/llama_config.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace midillama::gguf {

struct LlamaTensor {
  std::string source;  // its name in the file
  Tensor tensor;
  // Of query and key: the rows of each head are two halves, which rotate together. The file has them by turns (a row of the first half,
  // then its partner), Hugging Face one half after the other. 0: rows are where they are.
  std::int64_t head_dim = 0;
};

struct Llama {
  shapes::LlamaConfig config;                  // without bos and eos, which the tokenizer knows
  std::map<std::string, LlamaTensor> tensors;  // by Hugging Face's names
};

// The head is tied to the embedding where the file has none of its own. Llama 3.1's stretched rotary frequencies are told from
// rope_freqs.weight. InputError, with everything at once, where a setting is missing or not implemented (another architecture, a part of a
// split file, experts, another scaling of positions), or a tensor is missing, unexpected or mis-shaped.
Llama read_llama(const File& file);

// Rows of the tensor as Hugging Face has them, in float32.
void read_rows(const File& file, const LlamaTensor& tensor, std::int64_t first_row, std::span<float> elements);

}  // namespace midillama::gguf
