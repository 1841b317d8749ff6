// Two phrases as tokens, for a model that tells whether the second follows the first.
//
//   begin | a token a note of the first | next | a token a note of the second | end
//
// A token is the sum of a vector for each of its fields, so it has as many ids: the pitch, the step up or down from the note before it in
// the phrase, the position in the bar, the duration, the number of the bar, and which of the two phrases. A mark (begin, next, end) is its
// own id in every field.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/melody/phrases.h"

#include <cstdint>
#include <vector>

namespace midillama::melody {

inline constexpr std::int64_t kTokenFields = 6;
inline constexpr std::int64_t kPitchField = 0, kDurationField = 3;

// The ids of a field are [first, first + count).
struct IdRange {
  std::int64_t first = 0;
  std::int64_t count = 0;
  // The id of a value; values beyond the last are the last.
  std::int64_t id(std::int64_t value) const;
};

class Vocabulary {
 public:
  explicit Vocabulary(const config::Melody& config);

  static constexpr std::int64_t kBegin = 0, kNext = 1, kEnd = 2;

  std::int64_t size() const { return size_; }
  const IdRange& pitches() const { return pitches_; }
  const IdRange& durations() const { return durations_; }  // value 0 is one step

 private:
  friend class PairWriter;
  IdRange add(std::int64_t count);

  std::int64_t size_ = kEnd + 1;
  IdRange pitches_, steps_, positions_, durations_, bars_, sides_;
};

struct PairTokens {
  std::vector<std::int64_t> ids = {};  // [tokens, kTokenFields]
  std::int64_t first = 0;              // notes of the first phrase
  std::int64_t second = 0;             // ... and of the second

  std::int64_t tokens() const { return first + second + 3; }
};

// `shift` semitones higher, held within 0 to 127. A phrase of more notes than half of what melody.max_length leaves is cut at its end.
PairTokens pair_tokens(const Notes& first, const Notes& second, std::int64_t shift, const config::Melody& config);
// PairTokens::tokens() of it.
std::int64_t count_pair_tokens(const Notes& first, const Notes& second, const config::Melody& config);

}  // namespace midillama::melody
