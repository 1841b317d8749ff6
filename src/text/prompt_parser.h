// A template's text, cut into pieces.
#pragma once

#include "midillama/text/prompt.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::text {

// Collects what is wrong with a template, for one ConfigError.
class PromptTemplate::Parser {
 public:
  explicit Parser(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  // A turn.
  std::vector<Piece> turn(std::string_view text);
  // What writes a system message. A mistake that the turn has too is said once.
  std::vector<Piece> system(std::string_view text);
  // ConfigError where anything was wrong.
  void finish() const;

 private:
  void parse(std::string_view text);
  // Takes one piece, or one character of text, from the start of `text` and returns its length.
  std::size_t take(std::string_view text);
  void field(std::string_view name);
  void own_token(std::string_view name, std::optional<TokenId> id, bool is_once);
  bool token(std::string_view spelling);
  // Which pieces a conversation has once.
  void mark_once();
  // Where a field is; the end where there is none. Mistakes where it is there more than once.
  std::ptrdiff_t place(Piece::Kind kind, std::string_view name);
  void mistake(const std::string& what) { mistakes_.push_back("prompt.template: " + what); }

  const Tokenizer& tokenizer_;
  std::vector<Piece> pieces_;
  std::optional<std::size_t> turn_;  // the first piece after {turn}
  std::vector<std::string> mistakes_;
};

}  // namespace midillama::text
