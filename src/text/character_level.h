// BPE over characters with bytes to fall back on: what sentencepiece's BPE models become as a tokenizer.json (Llama-2, Mistral, TinyLlama).
// Texts are encoded and decoded as Hugging Face's tokenizers do.
#pragma once

#include "midillama/core/file.h"
#include "midillama/text/tokenizer.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/special_names.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace midillama::text {

inline constexpr std::string_view kMeta = "\xE2\x96\x81";  // ▁, how a space is spelled

// `text` with `by` wherever `what` is.
std::string replaced(std::string_view text, std::string_view what, std::string_view by);

// What a text becomes before the model sees it.
struct Spaces {
  // The normalizer, for every part between added tokens.
  bool prepends = false;
  bool replaces = false;
  // Metaspace: spaces are replaced, and a ▁ comes before …
  enum class Scheme { off, never, first, always } scheme = Scheme::off;  // … no part, the text's first one, every part without one
  bool splits = false;                                                   // and words are merged each for itself

  std::string normalize(std::string_view part) const;
  std::string pre_tokenize(std::string_view part, bool is_first) const;
};

struct CharacterLevelModel {
  std::vector<std::string> tokens;  // spellings by id
  std::vector<Merge> merges;
  BpeOptions options;
  Spaces spaces;
  bool strips = false;  // a space at the start of a decoded text
  std::vector<AddedToken> added;
  SpecialNames names;
};

class CharacterLevelTokenizer final : public Tokenizer {
 public:
  explicit CharacterLevelTokenizer(CharacterLevelModel model);

  std::vector<TokenId> encode(std::string_view text) const override { return encode(text, true); }
  std::vector<TokenId> encode_rest(std::string_view text) const override { return encode(text, false); }
  std::string decode(std::span<const TokenId> ids) const override;
  std::string token_bytes(TokenId id) const override;
  bool drops_first_space() const override { return strips_; }

  std::int64_t vocab_size() const override { return static_cast<std::int64_t>(spellings_.size()); }
  std::optional<TokenId> bos_id() const override { return names_.bos; }
  std::optional<TokenId> eos_id() const override { return names_.eos; }
  bool adds_bos() const override { return names_.bos && names_.adds_bos; }
  // Spelled as in the file: a space is ▁.
  std::optional<TokenId> token_id(std::string_view token) const override;
  std::string token(TokenId id) const override;

 private:
  std::vector<TokenId> encode(std::string_view text, bool is_first) const;
  // Words with the ▁ before them, or the whole part.
  std::vector<std::string_view> pieces_of(std::string_view part) const;

  Bpe bpe_;
  Spaces spaces_;
  bool strips_;
  AddedTokens added_;
  std::vector<std::string> spellings_;  // by id, as the next
  std::vector<bool> is_special_;
  std::unordered_map<std::string, TokenId> ids_;
  std::unordered_map<TokenId, char> bytes_;  // of <0x00> … <0xFF>
  SpecialNames names_;
};

// `root` is the file's content; bos and eos come from the files beside it, and so do the spaces where they name Llama's own class. Else
// InputError naming file and key where it is anything but
//   normalizer      none, or {Prepend ▁} and {Replace spaces by ▁} in this order, either alone or both in a Sequence
//   pre_tokenizer   none, or Metaspace
//   decoder         a Sequence of Replace, ByteFallback, Fuse and, mostly, Strip
std::unique_ptr<Tokenizer> load_character_level(const std::filesystem::path& file, Json root);

}  // namespace midillama::text
