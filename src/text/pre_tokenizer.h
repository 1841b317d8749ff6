// Cuts a text into the pieces that byte-level BPE works on, the way Hugging Face's pre-tokenizers do.
#pragma once

#include "midillama/text/patterns.h"
#include "text/regex.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

// What the step Digits cuts at: Unicode 17's numbers, while the patterns of texts know Unicode 16.
inline constexpr std::string_view kDigit = R"([\p{N}\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6}])";
inline constexpr std::string_view kDigits = R"([\p{N}\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6}]+)";

class PreTokenizer {
 public:
  // What becomes of a text that a pattern cuts: matches and what lies between them are pieces, or only one of the two.
  enum class Keep { all, matches, gaps };

  using Receiver = std::function<void(std::string_view piece)>;

  // Steps are taken in the order in which they are added. Error where the pattern is not understood.
  void add_split(std::string_view pattern, Keep keep);
  // A space in front of every text that does not start with one.
  void add_prefix_space();

  // Calls `receive` with every piece in order; none is empty, each is valid during the call. `text` is valid UTF-8.
  void split(std::string_view text, Regex::Scratch& scratch, const Receiver& receive) const;

 private:
  struct Step {
    std::optional<Regex> pattern;  // nothing: the prefix space
    Keep keep;
  };
  void run(std::size_t step, std::string_view text, Regex::Scratch& scratch, const Receiver& receive) const;
  void cut(std::size_t step, std::string_view text, Regex::Scratch& scratch, const Receiver& receive) const;

  std::vector<Step> steps_;
};

}  // namespace midillama::text
