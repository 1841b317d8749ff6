// The parts of a tokenizer.json that differ by the kind of tokenizer.
#pragma once

#include "gguf/vocabulary.h"
#include "midillama/core/file.h"

#include <optional>

namespace midillama::gguf {

struct TokenizerParts {
  OrderedJson normalizer, pre_tokenizer, decoder, model;
  OrderedJson post_processor;  // null: none but what puts bos and eos around a text
  bool adds_bos = false;       // where the file does not say
};

// tokenizer.ggml.model gpt2: merges are in the file.
TokenizerParts byte_level_parts(const File& file, const Vocabulary& vocabulary);

// tokenizer.ggml.model llama: merges follow from the scores.
TokenizerParts character_level_parts(const File& file, const Vocabulary& vocabulary);

}  // namespace midillama::gguf
