// BERT's tokenizer: normalized words, each taken apart into the longest pieces of the vocabulary from its start on, of which all but the
// first are spelled with ## before them. Texts are encoded and decoded as Hugging Face's tokenizers do.
#pragma once

#include "midillama/core/file.h"
#include "midillama/text/tokenizer.h"
#include "text/added_tokens.h"
#include "text/bert_normalizer.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace midillama::text {

struct WordPieceModel {
  std::vector<std::string> tokens;  // spellings by id
  std::string prefix = "##";
  TokenId unknown = 0;             // of a word that cannot be taken apart
  std::size_t longest_word = 100;  // characters; a longer one is unknown
  BertNormalizer normalizer;
  bool cleans_up = true;  // decoding takes the space before punctuation away
  std::vector<AddedToken> added;
  std::optional<TokenId> bos, eos;
};

class WordPieceTokenizer final : public Tokenizer {
 public:
  explicit WordPieceTokenizer(WordPieceModel model);

  std::vector<TokenId> encode(std::string_view text) const override;
  std::string decode(std::span<const TokenId> ids) const override;

  std::int64_t vocab_size() const override { return static_cast<std::int64_t>(model_.tokens.size()); }
  std::optional<TokenId> bos_id() const override { return model_.bos; }
  std::optional<TokenId> eos_id() const override { return model_.eos; }
  std::optional<TokenId> token_id(std::string_view token) const override;
  std::string token(TokenId id) const override;

 private:
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;
  std::string decoded(TokenId id, bool is_first) const;

  WordPieceModel model_;
  AddedTokens added_;
  std::vector<bool> is_special_;
  std::unordered_map<std::string, TokenId> ids_;
};

// `root` is the file's content; bos and eos come from the files beside it. InputError naming file and key where normalizer, pre-tokenizer
// or decoder are anything but BERT's.
std::unique_ptr<Tokenizer> load_word_piece(const std::filesystem::path& file, Json root);

}  // namespace midillama::text
