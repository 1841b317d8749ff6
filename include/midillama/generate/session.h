// Everything that answers a question about a clip's embedding: tokenizer, template, decoder with projector and adapters.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/generate/generator.h"
#include "midillama/model/midi_llama.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace midillama::generate {

struct Session {
  // Loads config.llm.path and the projector and adapter of `checkpoint` (empty: neither is loaded, the projector is as initialised), in
  // eval mode. InputError where a directory does not hold what it should, or the tokenizer has more ids than the decoder has embeddings.
  Session(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device);

  // The prompt of a question. music: [K, M], or undefined for a prompt without musical tokens. A question that would fill prompt.max_length
  // or the model's context is cut at its end; one token's room is always left for the answer.
  model::MusicText encode(std::string_view question, torch::Tensor music) const;
  // The text of new tokens without the white space around it.
  std::string decode(std::span<const std::int64_t> token_ids) const;

  std::unique_ptr<text::Tokenizer> tokenizer;
  std::unique_ptr<text::PromptTemplate> prompt;
  model::MidiLlama model{nullptr};
  SamplingOptions sampling;     // from config.generate, with the template's and the model's stop ids where the config names none
  std::int64_t max_length = 0;  // prompt.max_length
};

}  // namespace midillama::generate
