// Everything that answers a question about a clip: music encoder, tokenizer, template, decoder with projector and adapters.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/generate/generator.h"
#include "midillama/generate/queue.h"
#include "midillama/midi/score.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/music_encoder.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace midillama::generate {

// What is heard with a question: as much of it as the template asks for.
struct Heard {
  Heard(torch::Tensor music = {}, std::string notes = {}) : music(std::move(music)), notes(std::move(notes)) {}

  torch::Tensor music;  // [n, M] float32, the clip's vectors; undefined: no musical tokens
  std::string notes;    // the clip as text, for {notes}
};

// The notes of a clip as the encoder has them before they are pooled.
struct HeardNotes {
  torch::Tensor vectors;  // [notes, M] float32, in the order of octuple::encode()
  torch::Tensor spans;    // [K, notes] float32, 1 where a note is of the span: Heard::music is the means over the spans' notes
};

struct Session {
  enum class Hears { music, nothing };

  // Loads config.llm.path and the projector and adapter of `checkpoint` (empty: neither is loaded, the projector is as initialised), in
  // eval mode. Where it hears nothing, prompts have no musical tokens whatever their template, and no encoder is needed. InputError where a
  // directory does not hold what it should, or the tokenizer has more ids than the decoder has embeddings; UsageError where
  // generate.weights asks for 8 bits and the decoder cannot have them.
  Session(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device, Hears hears = Hears::music);

  // A clip as the template takes it. The encoder is loaded when it is needed first. Error where the clip has no notes. Any thread, one clip
  // at a time.
  Heard hear(const midi::Score& clip);
  // The same before pooling. UsageError where the template has no {music}, or music_encoder.pooling is none: nothing is pooled then.
  HeardNotes hear_notes(const midi::Score& clip);

  // The prompt of a conversation that ends with a question; one that ends with an answer as it is trained on, labels and all. One that
  // would fill prompt.max_length or the model's context is shortened (see PromptTemplate::encode), which the log says, or an InputError;
  // one token's room is always left for the answer. What no prompt could hold is refused before it is tokenized.
  enum class TooLong { is_shortened, is_refused };
  model::MusicText encode(const text::Conversation& conversation, torch::Tensor music, TooLong too_long = TooLong::is_shortened) const;
  model::MusicText encode(std::string_view question, const Heard& heard) const;
  // The same as a request of the configuration's sampling, for a queue of queue_options().
  Request request(const text::Conversation& conversation, torch::Tensor music) const;
  QueueOptions queue_options() const;
  // The text of new tokens without the white space around it.
  std::string decode(std::span<const std::int64_t> token_ids) const;

  std::unique_ptr<text::Tokenizer> tokenizer;
  std::unique_ptr<text::PromptTemplate> prompt;
  model::MidiLlama model{nullptr};
  SamplingOptions sampling;     // from config.generate, with the template's and the model's stop ids where the config names none
  std::int64_t max_length = 0;  // prompt.max_length
  // TooLongError where a text has more bytes than so many tokens stand for.
  void require_room(const std::string& what, std::size_t bytes, std::int64_t tokens) const;

 private:
  model::MusicEncoder& encoder();
  std::string text_of(const midi::Score& clip) const;

  config::Config config_;
  torch::Device device_;
  std::size_t longest_token_;  // bytes
  std::optional<model::MusicEncoder> encoder_;
  std::mutex hearing_;  // of encoder_
};

}  // namespace midillama::generate
