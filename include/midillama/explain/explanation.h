// Which notes an answer came from.
//
// The clip's vector is the mean of its notes' vectors, so each note's part of it is known: share · vector. How much of log p(answer | clip,
// question) that part carries is told in two ways:
//   gradient   ⟨∂ log p / ∂ clip's vector, share · vector⟩, gradient × input (Shrikumar et al. 2016). Over all notes these add up to the
//              gradient's product with the clip's vector: what the log-probability gains from the zero vector on, to first order.
//   left out   log p with all notes minus log p with the mean over the others. What a note says that all others say, too, is not lost with
//              it: to first order this is n / (n - 1) · (gradient - mean gradient), and only the differences from log p are exact.
// Both are about the mean alone. The encoder is not run again without the note, and a note's vector holds what the encoder read around it.
// docs/explaining.md says what follows from that.
#pragma once

#include "midillama/core/file.h"
#include "midillama/generate/session.h"
#include "midillama/midi/score.h"
#include "midillama/text/conversation.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace midillama::explain {

struct Note {
  midi::Seconds start;  // in the clip
  midi::Seconds end;
  int pitch = 0;     // 0–127
  int velocity = 0;  // 1–127
  int program = 0;   // 0–127
  bool is_drum = false;
  double share = 0;     // of the vector that it is pooled into: one over the notes of its span
  double gradient = 0;  // nats, as what follows; positive: for the answer
  double left_out = 0;  // where several notes were left out together, an equal part of their difference each
};

struct Explanation {
  std::string question;
  std::string answer;
  std::vector<std::int64_t> token_ids;    // of the answer, without the token that ends it
  double log_probability = 0;             // of these tokens after question and clip, in nats
  double log_probability_zero_music = 0;  // the same with the zero vector as the clip
  std::int64_t notes_left_out_at_once = 1;
  std::optional<double> pearson;  // of gradient and left_out, over what was left out at once; nothing where one of them is constant
  std::optional<double> spearman;
  std::vector<midi::Seconds> bars;  // where they start, and where the last one ends
  std::vector<Note> notes;          // in the order of octuple::encode()
};

struct Options {
  // Passes of the decoder over prompt and answer, in which a note is left out. A clip of more notes has neighbours left out together.
  std::int64_t most_passes = 512;
  bool shows_progress = false;
  std::function<void()> between_passes = nullptr;  // what it throws ends the explanation
};

// `conversation` ends with a question; its notes are filled in where the template has {notes}, and stay whole whatever is left out of the
// mean. Without an `answer` the model's own is explained, greedy as `generate` writes it by default. The log-probabilities are of the
// model's own weights, also where generate.weights is int8.
//
// Any thread, beside others that decode with the session's model or explain: nothing is accumulated into parameters.
//
// UsageError where the model hears no musical tokens or takes no mean over notes (Session::hear_notes), where question or answer are empty
// and for options out of range; InputError where question and answer do not fit prompt.max_length; Error where the clip has no notes or the
// model's own answer is empty.
Explanation explain(generate::Session& session, const midi::Score& clip, const text::Conversation& conversation,
                    const std::optional<std::string>& answer = std::nullopt, const Options& options = {});

// docs/formats.md has it.
OrderedJson to_json(const Explanation& explanation);

}  // namespace midillama::explain
