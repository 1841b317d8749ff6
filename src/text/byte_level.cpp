#include "text/byte_level.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"
#include "text/byte_alphabet.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::text {
namespace {

// The model's tokens, then what the added ones decode to.
std::vector<std::string> bytes_by_id(const std::vector<std::string>& tokens, const std::vector<AddedToken>& added) {
  std::vector<std::string> bytes = tokens;
  for (const AddedToken& token : added) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= bytes.size()) bytes.resize(id + 1);
    bytes[id] = token.special ? std::string() : from_byte_alphabet(token.content).value_or(token.content);
  }
  return bytes;
}

}  // namespace

ByteLevelTokenizer::ByteLevelTokenizer(ByteLevelModel model)
    : bpe_(std::move(model.tokens), model.merges, model.options),
      pre_tokenizer_(std::move(model.pre_tokenizer)),
      added_(std::move(model.added)),
      bytes_(bytes_by_id(bpe_.tokens(), added_.all())),
      is_added_(bytes_.size(), false),
      names_(model.names) {
  for (const AddedToken& token : added_.all()) {
    added_ids_.emplace(token.content, token.id);
    is_added_[static_cast<std::size_t>(token.id)] = true;
  }
}

std::vector<TokenId> ByteLevelTokenizer::encode(std::string_view text) const {
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + 8);
  std::string repaired;
  thread_local Regex::Scratch regex;  // kept from text to text: most are short
  thread_local Bpe::Scratch merging;
  const PreTokenizer::Receiver piece = [&](std::string_view part) { bpe_.encode(part, ids, merging); };
  added_.split(
      valid_utf8(text, repaired), [&](std::string_view part) { pre_tokenizer_.split(part, regex, piece); },
      [&](TokenId id) { ids.push_back(id); });
  return ids;
}

std::string ByteLevelTokenizer::decode(std::span<const TokenId> ids) const {
  std::string bytes;
  for (const TokenId id : ids) {
    if (id < 0) throw Error(fmt::format("{} is no token id", id));
    if (id < vocab_size()) bytes += bytes_[static_cast<std::size_t>(id)];
  }
  std::string repaired;
  return std::string(valid_utf8(bytes, repaired));
}

std::string ByteLevelTokenizer::token_bytes(TokenId id) const {
  return id >= 0 && id < vocab_size() ? bytes_[static_cast<std::size_t>(id)] : "";
}

std::optional<TokenId> ByteLevelTokenizer::token_id(std::string_view token) const {
  if (const auto added = added_ids_.find(std::string(token)); added != added_ids_.end()) return added->second;
  const auto bytes = from_byte_alphabet(token);
  const Symbol id = bytes ? bpe_.find(*bytes) : kNoSymbol;
  return id == kNoSymbol ? std::nullopt : std::optional<TokenId>(id);
}

std::string ByteLevelTokenizer::token(TokenId id) const {
  if (id < 0 || id >= vocab_size()) throw Error(fmt::format("there is no token {}: ids run from 0 to {}", id, vocab_size() - 1));
  if (!is_added_[static_cast<std::size_t>(id)]) return to_byte_alphabet(bytes_[static_cast<std::size_t>(id)]);
  return std::ranges::find(added_.all(), id, &AddedToken::id)->content;
}

}  // namespace midillama::text
