// Regular expressions over valid UTF-8 with Unicode classes: PCRE2, compiled to machine code.
//
// \p{L}, \p{N} and \s are those of Unicode 16, which the engines of Hugging Face tokenizers and tiktoken have, whatever version the
// installed PCRE2 knows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;

namespace midillama::text {

class Regex {
 public:
  // Where the engine notes a match; one for each thread.
  class Scratch {
   public:
    Scratch();

   private:
    friend class Regex;
    struct Free {
      void operator()(pcre2_real_match_data_8* data) const;
    };
    std::unique_ptr<pcre2_real_match_data_8, Free> data_;
  };

  // Error with the engine's message and the offset where the pattern is not understood.
  explicit Regex(std::string_view pattern);

  // The first match that starts at or after `from`, as [begin, end).
  std::optional<std::pair<std::size_t, std::size_t>> find(std::string_view text, std::size_t from, Scratch& scratch) const;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const;
  };
  std::unique_ptr<pcre2_real_code_8, Free> code_;
  bool compiled_to_machine_code_ = false;
};

// A pattern that matches `text` itself.
std::string literal_pattern(std::string_view text);

}  // namespace midillama::text
