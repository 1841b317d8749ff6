#include "gguf/vocabulary.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

namespace midillama::gguf {
namespace {

constexpr const char* kTokensKey = "tokenizer.ggml.tokens";
constexpr const char* kKindsKey = "tokenizer.ggml.token_type";

bool is_utf8(std::string_view text) {
  std::string repaired;
  return text::valid_utf8(text, repaired).data() == text.data();
}

}  // namespace

Vocabulary::Vocabulary(const File& file) : file_(file) {
  const auto fail = [&](const std::string& key, const std::string& what) { throw InputError(file.path(), key, what); };
  tokens_ = file.texts(kTokensKey).value_or(Texts());
  if (tokens_.empty()) fail(kTokensKey, "is missing or empty: the file holds no tokenizer");
  kinds_ = file.integers(kKindsKey).value_or(std::vector<std::int64_t>());
  if (!kinds_.empty() && kinds_.size() != tokens_.size()) {
    fail(kKindsKey, fmt::format("has {} items, {} has {}", kinds_.size(), kTokensKey, tokens_.size()));
  }
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const auto place = [&](const char* key) { return fmt::format("{}[{}]", key, id); };
    if (!is_utf8(tokens_[id])) fail(place(kTokensKey), "is not valid UTF-8");
    const auto [before, is_new] = ids_.emplace(tokens_[id], static_cast<text::TokenId>(id));
    if (!is_new) fail(place(kTokensKey), fmt::format("\"{}\" is the token {}, too", tokens_[id], before->second));
    const auto kind = static_cast<std::int64_t>(this->kind(id));
    if (kind < 1 || kind > static_cast<std::int64_t>(TokenKind::byte)) fail(place(kKindsKey), fmt::format("{} is no kind of tokens", kind));
  }
}

std::optional<text::TokenId> Vocabulary::find(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<text::TokenId> Vocabulary::special(const std::string& name) const {
  const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
  const auto id = file_.integer(key);
  if (id && (*id < 0 || *id >= static_cast<std::int64_t>(tokens_.size()))) {
    throw InputError(file_.path(), key, fmt::format("{} is no id of a vocabulary of {}", *id, tokens_.size()));
  }
  return id;
}

OrderedJson Vocabulary::to_json() const {
  OrderedJson::object_t vocabulary;  // operator[] would look for each among all before it
  vocabulary.reserve(tokens_.size());
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    if (!tokens_[id].empty()) vocabulary.emplace_back(std::string(tokens_[id]), id);
  }
  return vocabulary;
}

OrderedJson Vocabulary::added_tokens() const {
  OrderedJson added = OrderedJson::array();
  for (std::size_t id = 0; id < tokens_.size(); ++id) {
    const bool is_special = kind(id) == TokenKind::unknown || kind(id) == TokenKind::control;
    if ((!is_special && kind(id) != TokenKind::user_defined) || tokens_[id].empty()) continue;
    added.push_back({{"id", id},
                     {"content", tokens_[id]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", is_special}});
  }
  return added;
}

}  // namespace midillama::gguf
