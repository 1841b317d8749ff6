#include "gguf/bpe_json.h"
#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace midillama::gguf {
namespace {

constexpr const char* kScoresKey = "tokenizer.ggml.scores";
constexpr const char* kSpace = "\xE2\x96\x81";  // ▁

struct ScoredMerge {
  std::string_view left, right;
  double score;
  std::size_t left_length, right_length;  // in characters
};

// Control tokens and bytes are never made of pieces of a text.
bool is_piece(const Vocabulary& vocabulary, text::TokenId id) {
  const TokenKind kind = vocabulary.kind(static_cast<std::size_t>(id));
  return kind == TokenKind::normal || kind == TokenKind::user_defined || kind == TokenKind::unused;
}

void add_merges(std::string_view token, double score, const Vocabulary& vocabulary, std::vector<ScoredMerge>& merges) {
  const auto is_known = [&](std::string_view part) {
    const auto id = vocabulary.find(part);
    return id && is_piece(vocabulary, *id);
  };
  for (std::size_t cut = 1; cut < token.size(); ++cut) {
    if (text::is_continuation(token[cut])) continue;
    const std::string_view left = token.substr(0, cut), right = token.substr(cut);
    if (is_known(left) && is_known(right))
      merges.push_back({left, right, score, text::count_characters(left), text::count_characters(right)});
  }
}

std::vector<double> scores_of(const File& file, const Vocabulary& vocabulary) {
  const auto scores = file.numbers(kScoresKey).value_or(std::vector<double>());
  if (scores.size() != vocabulary.tokens().size()) {
    throw InputError(file.path(), kScoresKey, fmt::format("has {} items, there are {} tokens", scores.size(), vocabulary.tokens().size()));
  }
  for (std::size_t id = 0; id < scores.size(); ++id) {
    if (!std::isfinite(scores[id])) throw InputError(file.path(), fmt::format("{}[{}]", kScoresKey, id), "is not finite");
  }
  return scores;
}

// Pieces are joined to the piece of the best score first. Every way to cut a piece in two is a merge; in which order those of one score
// come is what transformers chose.
OrderedJson merges_of(const std::vector<double>& scores, const Vocabulary& vocabulary) {
  std::vector<ScoredMerge> merges;
  for (std::size_t id = 0; id < scores.size(); ++id) {
    if (is_piece(vocabulary, static_cast<text::TokenId>(id))) add_merges(vocabulary.tokens()[id], scores[id], vocabulary, merges);
  }
  std::ranges::stable_sort(merges, std::greater{},
                           [](const ScoredMerge& merge) { return std::tuple(merge.score, merge.left_length, merge.right_length); });
  OrderedJson pairs = OrderedJson::array();
  for (const ScoredMerge& merge : merges) pairs.push_back({merge.left, merge.right});
  return pairs;
}

OrderedJson unknown_token(const Vocabulary& vocabulary) {
  for (std::size_t id = 0; id < vocabulary.tokens().size(); ++id) {
    if (vocabulary.kind(id) == TokenKind::unknown) return vocabulary.tokens()[id];
  }
  return nullptr;
}

// Texts are taken as they are; what sentencepiece does beyond that cannot be written down here.
void require_plain(const File& file) {
  for (const char* key : {"tokenizer.ggml.remove_extra_whitespaces", "tokenizer.ggml.precompiled_charsmap"}) {
    const bool is_flag = std::string_view(key).ends_with("whitespaces");
    const bool is_set = is_flag ? file.flag(key).value_or(false) : !file.integers(key).value_or(std::vector<std::int64_t>()).empty();
    if (is_set) throw InputError(file.path(), key, "is not supported: texts would be changed before they are tokenized");
  }
}

}  // namespace

TokenizerParts character_level_parts(const File& file, const Vocabulary& vocabulary) {
  require_plain(file);
  const bool begins_with_space = file.flag("tokenizer.ggml.add_space_prefix").value_or(true);
  const OrderedJson replace = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpace}};
  OrderedJson decoders = {
      {{"type", "Replace"}, {"pattern", {{"String", kSpace}}}, {"content", " "}}, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
  TokenizerParts parts;
  parts.normalizer = replace;
  if (begins_with_space) {
    const OrderedJson prepend = {{"type", "Prepend"}, {"prepend", kSpace}};
    parts.normalizer = {{"type", "Sequence"}, {"normalizers", {prepend, replace}}};
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  parts.decoder = {{"type", "Sequence"}, {"decoders", decoders}};
  parts.model = {{"type", "BPE"},
                 {"dropout", nullptr},
                 {"unk_token", unknown_token(vocabulary)},
                 {"continuing_subword_prefix", nullptr},
                 {"end_of_word_suffix", nullptr},
                 {"fuse_unk", true},
                 {"byte_fallback", true},
                 {"ignore_merges", false},
                 {"vocab", vocabulary.to_json()},
                 {"merges", merges_of(scores_of(file, vocabulary), vocabulary)}};
  parts.adds_bos = true;
  return parts;
}

}  // namespace midillama::gguf
