#include "midillama/generate/session.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/random.h"
#include "midillama/generate/too_long.h"
#include "midillama/model/dtype.h"
#include "midillama/model/musicbert.h"
#include "midillama/music/clip_text.h"
#include "midillama/octuple/octuple.h"
#include "midillama/shapes/compatibility.h"
#include "midillama/shapes/prompt.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::generate {
namespace {

std::vector<std::int64_t> stop_ids(const config::Config& config, const text::PromptTemplate& prompt, const model::LlamaConfig& llama) {
  for (const auto id : config.generate.stop_token_ids) {
    if (id >= llama.vocab_size) {
      throw ConfigError(
          {fmt::format("generate.stop_token_ids: there is no token {}: {} has ids up to {}", id, config.llm.path, llama.vocab_size - 1)});
    }
  }
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

// Of the one clip.
std::vector<std::vector<octuple::Octuple>> notes_of(const midi::Score& clip) {
  std::vector<std::vector<octuple::Octuple>> clips = {octuple::encode(clip)};
  if (clips[0].empty()) throw Error("there are no notes to hear");
  return clips;
}

}  // namespace

Session::Session(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device, Hears hears)
    : tokenizer(text::load_tokenizer(config.llm.path)),
      prompt(std::make_unique<text::PromptTemplate>(shapes::prompt_template(config, *tokenizer))),
      max_length(config.prompt.max_length),
      config_(config),
      device_(device),
      longest_token_(text::longest_token(*tokenizer)) {
  const auto shape = shapes::LlamaConfig::read(config.llm.path);
  shapes::require_tokenizer(config.llm, shape, *tokenizer);
  shapes::require_trained_template(config.llm, *prompt, shape, *tokenizer);
  auto llama = model::load_llama(config.llm.path, device, model::dtype_from_name(config.llm.dtype));
  sampling = sampling_options(config, stop_ids(config, *prompt, llama->config));
  std::shared_ptr<model::Projector> projector;
  if (prompt->has_music() && hears == Hears::music) {
    const auto music_size = model::MusicBertConfig::read(config.music_encoder.path).hidden_size;
    projector = model::make_projector(config.projector, music_size, shape.hidden_size, seed_for(config.run.seed, "projector"));
  }
  model = model::MidiLlama(llama, std::move(projector));
  if (!checkpoint.empty()) model::load_trained(model, checkpoint);
  model->to(device);
  model->eval();
  if (config.generate.weights == "int8") model->llama->decode_in_int8();
}

model::MusicEncoder& Session::encoder() {
  if (!encoder_) encoder_.emplace(config_.music_encoder, device_);
  return *encoder_;
}

Heard Session::hear(const midi::Score& clip) {
  Heard heard;
  if (model->projector) {
    const std::lock_guard lock(hearing_);
    heard.music = encoder().vectors(notes_of(clip))[0];
  }
  if (prompt->has_notes()) heard.notes = text_of(clip);
  return heard;
}

std::string Session::text_of(const midi::Score& clip) const {
  const auto notation = music::clip_text_from_name(config_.prompt.notes).write(clip, {.grid = static_cast<int>(config_.prompt.grid)});
  if (notation.notes == 0) throw Error("there are no notes to hear");
  const auto budget = config_.prompt.notes_tokens;
  const std::size_t kept =
      music::measures_within(notation, budget, [&](std::string_view text) { return std::ssize(tokenizer->encode(text)); });
  if (kept < notation.measures())
    log::warning("{} of the clip's {} measures were left out: prompt.notes_tokens is {}", notation.measures() - kept, notation.measures(),
                 budget);
  return notation.text(kept);
}

HeardNotes Session::hear_notes(const midi::Score& clip) {
  if (!model->projector) throw UsageError("the model hears no musical tokens: prompt.template has no {music}");
  if (config_.music_encoder.pooling != "mean")
    throw UsageError(fmt::format("music_encoder.pooling is {}: no mean is taken over the notes", config_.music_encoder.pooling));
  const std::lock_guard lock(hearing_);
  const auto notes = notes_of(clip);
  return {.vectors = encoder().note_vectors(notes)[0], .spans = encoder().spans(std::ssize(notes[0]))};
}

model::MusicText Session::encode(const text::Conversation& conversation, torch::Tensor music, TooLong too_long) const {
  const auto longest = std::min(max_length, model->llama->config.max_position_embeddings - 1);
  model::MusicText text{.input_ids = {}, .labels = {}, .music_position = 0, .music = std::move(music)};
  const auto music_tokens = model->music_tokens(text);
  if (too_long == TooLong::is_refused) {
    std::size_t bytes = conversation.notes.size();
    for (const text::Message& message : conversation.messages) bytes += message.text.size();
    require_room("the conversation", bytes, longest);
  }
  auto encoded = prompt->encode(conversation, too_long == TooLong::is_shortened ? longest : text::kAnyLength, music_tokens);
  if (const auto length = std::ssize(encoded.input_ids) + music_tokens; too_long == TooLong::is_refused && length > longest)
    throw TooLongError("the conversation", "", fmt::format("has {} tokens, and prompts may have {}", length, longest));
  const std::pair<const char*, std::int64_t> cuts[] = {{"a clip's text", encoded.cut_notes_tokens},
                                                       {"a conversation", encoded.cut_history_tokens},
                                                       {"a question", encoded.cut_tokens},
                                                       {"an answer", encoded.cut_answer_tokens}};
  for (const auto& [what, tokens] : cuts) {
    if (tokens > 0) log::warning("{} tokens of {} were left out: prompts have {} tokens at most", tokens, what, longest);
  }
  text.input_ids = std::move(encoded.input_ids);
  if (text::count_targets(encoded.labels) > 0) text.labels = std::move(encoded.labels);
  text.music_position = encoded.music_position;
  return text;
}

void Session::require_room(const std::string& what, std::size_t bytes, std::int64_t tokens) const {
  if (bytes > static_cast<std::size_t>(tokens) * longest_token_)
    throw TooLongError(what, "", fmt::format("has {} bytes, which are more than {} tokens, and prompts may have no more", bytes, tokens));
}

model::MusicText Session::encode(std::string_view question, const Heard& heard) const {
  return encode({.messages = {{text::Role::user, std::string(question)}}, .notes = heard.notes}, heard.music);
}

Request Session::request(const text::Conversation& conversation, torch::Tensor music) const {
  return {.prompt = encode(conversation, std::move(music)), .sampling = sampling.of_prompt(0)};
}

QueueOptions Session::queue_options() const {
  return {.batch_size = sampling.batch_size, .fixed_shapes = sampling.fixed_shapes, .tokenizer = tokenizer.get()};
}

std::string Session::decode(std::span<const std::int64_t> token_ids) const {
  return std::string(text::strip(tokenizer->decode(token_ids)));
}

}  // namespace midillama::generate
