#include "text/character_level.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::text {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result;
  for (std::size_t at; (at = text.find(what)) != std::string_view::npos; text.remove_prefix(at + what.size())) {
    result.append(text.substr(0, at)).append(by);
  }
  return result.append(text);
}

std::string Spaces::normalize(std::string_view part) const {
  const std::string text = prepends ? std::string(kMeta).append(part) : std::string(part);
  return replaces ? replaced(text, " ", kMeta) : text;
}

std::string Spaces::pre_tokenize(std::string_view part, bool is_first) const {
  if (scheme == Scheme::off) return std::string(part);
  const std::string text = replaced(part, " ", kMeta);
  const bool wanted = scheme == Scheme::always || (scheme == Scheme::first && is_first);
  return wanted && !text.starts_with(kMeta) ? std::string(kMeta) + text : text;
}

CharacterLevelTokenizer::CharacterLevelTokenizer(CharacterLevelModel model)
    : bpe_(std::move(model.tokens), model.merges, model.options),
      spaces_(model.spaces),
      strips_(model.strips),
      added_(std::move(model.added), [spaces = spaces_](std::string_view text) { return spaces.normalize(text); }),
      spellings_(bpe_.tokens()),
      is_special_(spellings_.size(), false),
      names_(model.names) {
  for (const AddedToken& token : added_.all()) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= spellings_.size()) spellings_.resize(id + 1), is_special_.resize(id + 1, false);
    spellings_[id] = token.content;
    is_special_[id] = token.special;
  }
  for (std::size_t id = 0; id < spellings_.size(); ++id) ids_.emplace(spellings_[id], static_cast<TokenId>(id));
  for (std::size_t byte = 0; byte < 256; ++byte) {
    if (const auto token = ids_.find(fmt::format("<0x{:02X}>", byte)); token != ids_.end()) bytes_[token->second] = static_cast<char>(byte);
  }
}

std::vector<TokenId> CharacterLevelTokenizer::encode(std::string_view text, bool is_first) const {
  std::vector<TokenId> ids;
  std::string repaired;
  thread_local Bpe::Scratch merging;
  added_.split(
      valid_utf8(text, repaired),
      [&](std::string_view part) {
        const std::string spelled = spaces_.pre_tokenize(part, std::exchange(is_first, false));
        for (const std::string_view piece : pieces_of(spelled)) bpe_.encode(piece, ids, merging);
      },
      [&](TokenId id) { ids.push_back(id), is_first = false; });
  return ids;
}

std::string CharacterLevelTokenizer::decode(std::span<const TokenId> ids) const {
  std::string text, bytes;
  // Bytes that follow each other are a text, or each of them is none.
  const auto flush = [&] {
    std::string repaired;
    if (valid_utf8(bytes, repaired) == bytes) {
      text += bytes;
    } else {
      for (std::size_t i = 0; i < bytes.size(); ++i) text += kReplacement;
    }
    bytes.clear();
  };
  for (const TokenId id : ids) {
    if (id < 0) throw Error(fmt::format("{} is no token id", id));
    if (id >= vocab_size() || is_special_[static_cast<std::size_t>(id)]) continue;
    if (const auto byte = bytes_.find(id); byte != bytes_.end()) {
      bytes += byte->second;
      continue;
    }
    flush();
    text += replaced(spellings_[static_cast<std::size_t>(id)], kMeta, " ");
  }
  flush();
  return strips_ && text.starts_with(' ') ? text.substr(1) : text;
}

std::string CharacterLevelTokenizer::token_bytes(TokenId id) const {
  if (id < 0 || id >= vocab_size() || is_special_[static_cast<std::size_t>(id)]) return "";
  const auto byte = bytes_.find(id);
  return byte != bytes_.end() ? std::string(1, byte->second) : replaced(spellings_[static_cast<std::size_t>(id)], kMeta, " ");
}

std::optional<TokenId> CharacterLevelTokenizer::token_id(std::string_view token) const {
  const auto found = ids_.find(std::string(token));
  return token.empty() || found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::string CharacterLevelTokenizer::token(TokenId id) const {
  if (id < 0 || id >= vocab_size()) throw Error(fmt::format("there is no token {}: ids run from 0 to {}", id, vocab_size() - 1));
  return spellings_[static_cast<std::size_t>(id)];
}

std::vector<std::string_view> CharacterLevelTokenizer::pieces_of(std::string_view part) const {
  if (!spaces_.splits) return {part};
  std::vector<std::string_view> pieces;
  while (!part.empty()) {
    const std::size_t end = std::min(part.find(kMeta, 1), part.size());
    pieces.push_back(part.substr(0, end));
    part.remove_prefix(end);
  }
  return pieces;
}

}  // namespace midillama::text
