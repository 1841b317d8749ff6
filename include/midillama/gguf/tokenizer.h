// The tokenizer inside a GGUF file, as the files that Hugging Face's libraries and the room `text` read.
#pragma once

#include "midillama/core/file.h"
#include "midillama/gguf/file.h"
#include "midillama/text/tokenizer.h"

#include <optional>
#include <vector>

namespace midillama::gguf {

struct TokenizerFiles {
  OrderedJson tokenizer;  // tokenizer.json
  OrderedJson config;     // tokenizer_config.json, with the chat template where there is one
  std::int64_t vocab_size = 0;
  std::optional<text::TokenId> bos, pad;
  std::vector<text::TokenId> eos;  // of a text, of a turn, of a message
};

// Of the kinds (tokenizer.ggml.model)
//   gpt2    byte-level BPE, cut as tokenizer.ggml.pre says: llama-bpe (also llama3, llama-v3), smollm, gpt-2, default (as llama.cpp cuts
//   then) llama   sentencepiece's BPE with bytes to fall back on; its merges follow from the scores, as in transformers' conversion
// Ids equal those of the original tokenizer; what is special in the file is special there. InputError names the key, and the item of a
// list, where something is missing, does not fit or is of another kind.
TokenizerFiles read_tokenizer(const File& file);

}  // namespace midillama::gguf
