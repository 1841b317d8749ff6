// One piece: what is asked for, until an answer is a piece.
#pragma once

#include "midillama/chat/call.h"
#include "midillama/compose/answer.h"
#include "midillama/compose/vocabulary.h"
#include "midillama/config/schema.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace midillama::compose {

// A piece that is wanted: the one with this number, from 0 on, of its genre and style.
struct Wish {
  std::string genre;
  std::string style;
  std::int64_t number = 0;

  std::string name() const;  // "Pop_Rock_Dance-001": fit for a file name
  std::string file() const;  // "midi/Pop_Rock_Dance/001.mid"
};

// One answer, and why it is no piece; empty for the last of a piece that was written. A call that was not answered counts as one.
struct Attempt {
  std::int64_t seed = 0;
  std::string problem = {};
};

struct Composed {
  Wish wish;
  std::string words;  // "a Pop Rock song in Dance style"
  std::string mood;
  std::string prompt;
  double temperature = 0;
  std::vector<Attempt> attempts = {};
  std::int64_t calls = 0;    // of which some were answered more than once
  std::string request = {};  // the key of the last call in requests.jsonl
  Tracks tracks = {};        // of a piece that is_written()
  Counts forgiven = {}, repaired = {};

  bool is_written() const { return !attempts.empty() && attempts.back().problem.empty(); }
};

// The answer to a call; nothing where it is not known yet.
using Ask = std::function<std::optional<chat::Answer>(const chat::Call& call)>;

class Composer {
 public:
  // `model` as requests name it. Mood, temperature and the seeds of the calls are functions of `seed` and the wish. ConfigError where
  // compose.genres or compose.styles name what the vocabulary has not.
  Composer(const config::Compose& config, std::string model, std::uint64_t seed);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  // Every wish: genre by genre, style by style.
  const std::vector<Wish>& wishes() const { return wishes_; }

  // Asks up to compose.tries times, each time with another seed. Nothing where `ask` has no answer to one of the calls: the same wish gives
  // the same calls, so it can be asked again when the answer is there. From several threads at once.
  std::optional<Composed> compose(const Wish& wish, const Ask& ask) const;

 private:
  config::Compose config_;
  std::string model_;
  std::uint64_t seed_;
  Vocabulary vocabulary_;
  Form form_;
  std::optional<chat::Schema> schema_;
  std::vector<Wish> wishes_;
};

}  // namespace midillama::compose
