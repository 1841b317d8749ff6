// Cuts a text into the pieces that byte-level BPE works on, the way Hugging Face's pre-tokenizers do.
#pragma once

#include "text/regex.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

// GPT-2's and Llama-3's pieces: contractions, words with the space before them, numbers, punctuation, white space.
inline constexpr std::string_view kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

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
