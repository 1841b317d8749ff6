#include "midillama/generate/session.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/random.h"
#include "midillama/model/dtype.h"
#include "midillama/model/musicbert.h"
#include "midillama/shapes/compatibility.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::generate {
namespace {

std::vector<std::int64_t> stop_ids(const config::Config& config, const text::PromptTemplate& prompt, const model::LlamaConfig& llama) {
  if (!config.generate.stop_token_ids.empty()) return config.generate.stop_token_ids;
  auto ids = prompt.stop_ids();
  for (const auto id : llama.eos_token_ids) {
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

SamplingOptions sampling_options(const config::Config& config, std::vector<std::int64_t> stop_ids) {
  return {.max_new_tokens = config.generate.max_new_tokens,
          .temperature = config.generate.temperature,
          .top_p = config.generate.top_p,
          .stop_ids = std::move(stop_ids),
          .batch_size = config.generate.batch_size,
          .seed = config.run.seed,
          .fixed_shapes = config.generate.cuda_graph ? std::nullopt : std::optional(false)};
}

}  // namespace

Session::Session(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device)
    : tokenizer(text::load_tokenizer(config.llm.path)),
      prompt(std::make_unique<text::PromptTemplate>(config.prompt.template_text, *tokenizer)),
      max_length(config.prompt.max_length) {
  const auto shape = shapes::LlamaConfig::read(config.llm.path);
  shapes::require_tokenizer(config.llm, shape, *tokenizer);
  shapes::require_trained_template(config.llm, *prompt, shape, *tokenizer);
  auto llama = model::load_llama(config.llm.path, device, model::dtype_from_name(config.llm.dtype));
  sampling = sampling_options(config, stop_ids(config, *prompt, llama->config));
  const auto music_size = model::MusicBertConfig::read(config.music_encoder.path).hidden_size;
  model = model::MidiLlama(llama, music_size, seed_for(config.run.seed, "projector"));
  if (!checkpoint.empty()) model::load_trained(model, checkpoint);
  model->to(device);
  model->eval();
}

model::MusicText Session::encode(std::string_view question, torch::Tensor music) const {
  const auto longest = std::min(max_length, model->llama->config.max_position_embeddings - 1);
  auto encoded = prompt->encode_prompt(question, longest, music.defined() ? music.size(0) : 0);
  if (encoded.cut_tokens > 0)
    log::warning("the last {} tokens of a question were left out: prompts have {} tokens at most", encoded.cut_tokens, longest);
  return {.input_ids = std::move(encoded.input_ids), .labels = {}, .music_position = encoded.music_position, .music = std::move(music)};
}

std::string Session::decode(std::span<const std::int64_t> token_ids) const {
  return std::string(text::strip(tokenizer->decode(token_ids)));
}

}  // namespace midillama::generate
