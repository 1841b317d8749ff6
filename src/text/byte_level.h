// The byte-level BPE tokenizer that GPT-2, RoBERTa and Llama-3 use, whatever file describes it.
#pragma once

#include "midillama/text/tokenizer.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/pre_tokenizer.h"
#include "text/special_names.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace midillama::text {

// What a file says about its tokenizer.
struct ByteLevelModel {
  std::vector<std::string> tokens;  // the bytes of each token by id; empty where the id is free or an added token's
  std::vector<Merge> merges;
  BpeOptions options;
  PreTokenizer pre_tokenizer;
  std::vector<AddedToken> added;
  SpecialNames names;
};

class ByteLevelTokenizer final : public Tokenizer {
 public:
  explicit ByteLevelTokenizer(ByteLevelModel model);

  std::vector<TokenId> encode(std::string_view text) const override;
  std::string decode(std::span<const TokenId> ids) const override;
  std::string token_bytes(TokenId id) const override;

  std::int64_t vocab_size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::optional<TokenId> bos_id() const override { return names_.bos; }
  std::optional<TokenId> eos_id() const override { return names_.eos; }
  bool adds_bos() const override { return names_.bos && names_.adds_bos; }
  // Added tokens by their text, the model's in the byte alphabet of the file (a space is spelled U+0120).
  std::optional<TokenId> token_id(std::string_view token) const override;
  std::string token(TokenId id) const override;

 private:
  Bpe bpe_;
  PreTokenizer pre_tokenizer_;
  AddedTokens added_;
  std::unordered_map<std::string, TokenId> added_ids_;
  std::vector<std::string> bytes_;  // by id, what decode() writes; empty for special tokens
  std::vector<bool> is_added_;      // by id
  SpecialNames names_;
};

// A tokenizer.json; bos and eos come from the files beside it. InputError naming file and key where it is not byte-level BPE as above.
std::unique_ptr<Tokenizer> load_tokenizer_json(const std::filesystem::path& file);
// Whether a tokenizer.json describes byte-level BPE at all (others belong to a sentencepiece model beside it).
bool is_byte_level(const std::filesystem::path& file);

// A tiktoken rank file, read as Llama-3's: its pattern, and its 256 special tokens after the last rank.
std::unique_ptr<Tokenizer> load_tiktoken(const std::filesystem::path& file);
// Whether a file is ASCII, as rank files are and sentencepiece models never.
bool is_text(const std::filesystem::path& file);

}  // namespace midillama::text
