// A tokenizer whose ids 0 to 255 are bytes, followed by tokens of several and one that ends a text.
#pragma once

#include "midillama/text/tokenizer.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace midillama::grammar {

class ByteTokenizer final : public text::Tokenizer {
 public:
  explicit ByteTokenizer(const std::vector<std::string>& more = {}) {
    for (int byte = 0; byte < 256; ++byte) bytes_.emplace_back(1, static_cast<char>(byte));
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    bytes_.emplace_back();
  }

  // Those that a model has for JSON, and some that are awkward: several states of a string in one, parts of characters, brackets.
  static const std::vector<std::string>& awkward() {
    static const std::vector<std::string> tokens = {
        "{\"",          "\":",      "\": \"", "\",\"", "\", \"", "\"}",   "\"]",   "},{",   "}}",        "]]",       "[[",
        "[[[[[[[[",     "\": ",     "\",",    ", ",    ": ",     "true",  "false", "null",  "name",      "\"name\"", "value",
        "12",           "100",      "0.",     ".5",    "-1",     "00",    "e1",    "1e5",   ".0}",       "\xC3",     "\xC3\xA9",
        "\x9F\x98\x80", "\xF0\x9F", "\xA9\"", "\\",    "\\\"",   "\\u",   "\\u00", "\\ud8", "3d\\ude00", "\\n",      "\\\\",
        "\\u0041\"",    "hello",    " world", "  ",    "\n",     "ab",    "abc",   "\"a",   "\"ab\":",   " {",       " [",
        " \"",          " 1",       "[]",     "{}",    "\"\"",   "k\":1", "\\\"}", "\"\":", "a\":0,\"",  "\"\\"};
    return tokens;
  }

  std::vector<text::TokenId> encode(std::string_view text) const override {
    std::vector<text::TokenId> ids;
    while (!text.empty()) {
      text::TokenId longest = static_cast<unsigned char>(text.front());
      for (std::size_t id = 256; id < bytes_.size(); ++id) {
        if (text.starts_with(bytes_[id]) && bytes_[id].size() > bytes_[static_cast<std::size_t>(longest)].size())
          longest = static_cast<text::TokenId>(id);
      }
      ids.push_back(longest);
      text.remove_prefix(bytes_[static_cast<std::size_t>(longest)].size());
    }
    return ids;
  }
  std::string decode(std::span<const text::TokenId> ids) const override {
    std::string text;
    for (const text::TokenId id : ids) text += bytes_.at(static_cast<std::size_t>(id));
    return text;
  }
  std::string token_bytes(text::TokenId id) const override { return bytes_.at(static_cast<std::size_t>(id)); }
  std::int64_t vocab_size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::optional<text::TokenId> bos_id() const override { return std::nullopt; }
  std::optional<text::TokenId> eos_id() const override { return vocab_size() - 1; }
  std::optional<text::TokenId> token_id(std::string_view) const override { return std::nullopt; }
  std::string token(text::TokenId id) const override { return token_bytes(id); }

 private:
  std::vector<std::string> bytes_;
};

}  // namespace midillama::grammar
