// Everything that answers a question: tokenizer, template, decoder with projector and adapters, music encoder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "midillama/config/schema.h"
#include "midillama/generate/generator.h"
#include "midillama/model/midi_llama.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

namespace midillama::generate {

// Loads config.llm.path and the projector and adapter of `checkpoint` (empty: neither is loaded, the projector is as initialised).
struct Session {
  Session(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device);

  std::unique_ptr<text::Tokenizer> tokenizer;
  std::unique_ptr<text::PromptTemplate> prompt;
  model::MidiLlama model{nullptr};
  SamplingOptions sampling;  // from config.generate, with the model's stop ids
};

}  // namespace midillama::generate
