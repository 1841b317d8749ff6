// The README of an exported checkpoint.
#pragma once

#include "midillama/model/projector.h"

#include <cstdint>
#include <string>

namespace midillama::tools {

struct ModelCard {
  struct Model {
    std::string path;
    std::int64_t layers = 0;
    std::int64_t hidden_size = 0;
    std::string fingerprint;
  };

  std::string name;
  Model encoder;
  Model llm;
  std::int64_t music_tokens = 1;
  model::Projector::Card projector;
  std::string dtype;      // of the decoder: float32, bfloat16
  std::string prompt;     // the template of one turn, see midillama/text/prompt.h
  bool is_pooled = true;  // whether the projector gets a vector a clip (or span), or else one a note
  bool has_adapter = false;
  bool sentencepiece_only = false;  // the decoder's directory has a tokenizer.model and nothing that transformers reads
};

std::string to_markdown(const ModelCard& card);

}  // namespace midillama::tools
