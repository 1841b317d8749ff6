// What all kinds of tokenizer.json have in common: vocabulary, merges, added tokens. Every function throws an InputError that names the
// key.
#pragma once

#include "midillama/core/file.h"
#include "text/added_tokens.h"
#include "text/bpe.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace midillama::text {

// `object[key]`, null where it is absent.
const Json& member(const Json& object, const std::string& key);
// Its "type"; empty where there is none.
std::string type_of(const Json& object);

// `object[key]`, `absent` where it is null.
bool read_flag(const Json& object, const std::string& key, const std::string& file, const std::string& place, bool absent);

// Ids are below this.
inline constexpr TokenId kMaxTokens = 1 << 24;
inline bool is_token_id(const Json& value) {
  return value.is_number_integer() && value >= 0 && value < kMaxTokens;
}

// InputError where the value is none.
void require_token_id(const Json& value, const std::string& file, const std::string& place);

// One entry of a list of added tokens, without its id.
AddedToken read_added_token(const Json& entry, const std::string& file, const std::string& place);

class TokenizerFile {
 public:
  // `root` is the file's content.
  TokenizerFile(const std::filesystem::path& file, Json root) : file_(file.string()), root_(std::move(root)) {}

 protected:
  [[noreturn]] void fail(const std::string& key, const std::string& what) const { throw InputError(file_, key, what); }
  bool flag(const Json& object, const std::string& key, const std::string& place, bool absent) const;
  // An absent list is an empty one.
  const Json& list(const Json& object, const std::string& key, const std::string& place) const;
  std::string text(const Json& object, const std::string& key, const std::string& place) const;

  // The model is of this type; reads its vocabulary.
  void read_vocabulary(const char* type = "BPE");
  const std::vector<std::string>& spellings() const { return spellings_; }
  // Of a BPE without anything that is not supported.
  std::vector<Merge> merges() const;
  BpeOptions options() const;
  // The file's, and those of the files beside it, as transformers' TokenizersBackend 5.23 adds them: what is known already, by its
  // spelling, takes the properties that are said last. A token has the id that its file gives it; where that is another's, the next free
  // one.
  std::vector<AddedToken> added_tokens() const;
  std::optional<TokenId> find(const std::string& name, const std::vector<AddedToken>& added) const;

  std::filesystem::path directory() const { return std::filesystem::path(file_).parent_path(); }

  std::string file_;
  Json root_;

 private:
  void read_tokens(const Json& vocabulary);
  void require_plain_merges() const;
  // "left right" or ["left", "right"]; two empty strings where it is neither.
  static std::pair<std::string, std::string> split(const Json& merge);

  std::vector<std::string> spellings_;  // of the model's tokens by id
  std::optional<TokenTable> table_;     // of spellings_
};

}  // namespace midillama::text
