#include "text/word_piece.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::text {
namespace {

// In this order.
constexpr std::pair<std::string_view, std::string_view> kCleanUp[] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                                                      {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                                                      {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

std::string cleaned_up(std::string text) {
  for (const auto& [from, to] : kCleanUp) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(WordPieceModel model)
    : model_(std::move(model)),
      added_(model_.added, [normalizer = model_.normalizer](std::string_view text) { return normalizer.normalize(text); }),
      is_special_(model_.tokens.size(), false) {
  for (const AddedToken& token : added_.all()) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= model_.tokens.size()) model_.tokens.resize(id + 1), is_special_.resize(id + 1, false);
    model_.tokens[id] = token.content;
    is_special_[id] = token.special;
  }
  for (std::size_t id = 0; id < model_.tokens.size(); ++id) ids_.emplace(model_.tokens[id], static_cast<TokenId>(id));
}

std::vector<TokenId> WordPieceTokenizer::encode(std::string_view text) const {
  std::vector<TokenId> ids;
  std::string repaired;
  added_.split(
      valid_utf8(text, repaired),
      [&](std::string_view part) { split_bert_words(part, [&](std::string_view word) { encode_word(word, ids); }); },
      [&](TokenId id) { ids.push_back(id); });
  return ids;
}

void WordPieceTokenizer::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  if (count_characters(word) > model_.longest_word) return ids.push_back(model_.unknown);
  const std::size_t before = ids.size();
  std::string piece;
  for (std::string_view rest = word; !rest.empty();) {
    piece = rest.size() == word.size() ? "" : model_.prefix;
    const std::size_t start = piece.size();
    piece += rest;
    auto found = ids_.find(piece);
    while (found == ids_.end() && piece.size() > start) {
      while (is_continuation(piece.back())) piece.pop_back();
      piece.pop_back();
      if (piece.size() > start) found = ids_.find(piece);
    }
    if (found == ids_.end()) {
      ids.resize(before);
      return ids.push_back(model_.unknown);
    }
    ids.push_back(found->second);
    rest.remove_prefix(piece.size() - start);
  }
}

std::string WordPieceTokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  bool is_first = true;
  for (const TokenId id : ids) {
    if (id < 0) throw Error(fmt::format("{} is no token id", id));
    if (id >= vocab_size() || is_special_[static_cast<std::size_t>(id)]) continue;
    text += decoded(id, std::exchange(is_first, false));
  }
  return text;
}

std::string WordPieceTokenizer::decoded(TokenId id, bool is_first) const {
  std::string spelling = model_.tokens[static_cast<std::size_t>(id)];
  if (!is_first) spelling = spelling.starts_with(model_.prefix) ? spelling.substr(model_.prefix.size()) : " " + spelling;
  return model_.cleans_up ? cleaned_up(std::move(spelling)) : spelling;
}

std::optional<TokenId> WordPieceTokenizer::token_id(std::string_view token) const {
  const auto found = ids_.find(std::string(token));
  return token.empty() || found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::string WordPieceTokenizer::token(TokenId id) const {
  if (id < 0 || id >= vocab_size()) throw Error(fmt::format("there is no token {}: ids run from 0 to {}", id, vocab_size() - 1));
  return model_.tokens[static_cast<std::size_t>(id)];
}

}  // namespace midillama::text
