#include "text/extended_tokenizer.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"
#include "text/added_tokens.h"
#include "text/character_level.h"
#include "text/special_names.h"
#include "text/tokenizer_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <unordered_map>

namespace midillama::text {
namespace fs = std::filesystem;
namespace {

class ExtendedTokenizer final : public Tokenizer {
 public:
  ExtendedTokenizer(std::unique_ptr<Tokenizer> model, std::vector<AddedToken> added, const fs::path& directory)
      : model_(std::move(model)), added_(std::move(added)), vocab_size_(model_->vocab_size()) {
    for (const AddedToken& token : added_.all()) {
      by_id_.emplace(token.id, &token);
      by_content_.emplace(token.content, token.id);
      vocab_size_ = std::max(vocab_size_, token.id + 1);
    }
    names_ = names_beside(directory, [&](const std::string& name) { return token_id(name); }, {model_->bos_id(), model_->eos_id()});
  }

  std::vector<TokenId> encode(std::string_view text) const override {
    std::vector<TokenId> ids;
    std::string repaired;
    added_.split(
        valid_utf8(text, repaired),
        [&](std::string_view part) {
          const auto more = model_->encode(part);
          ids.insert(ids.end(), more.begin(), more.end());
        },
        [&](TokenId id) { ids.push_back(id); });
    return ids;
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    while (!ids.empty()) {
      const auto added = std::ranges::find_if(ids, [&](TokenId id) { return by_id_.contains(id); });
      const auto run = ids.first(static_cast<std::size_t>(added - ids.begin()));
      if (!run.empty()) text += after(text, run) + model_->decode(run);
      ids = ids.subspan(run.size());
      if (ids.empty()) break;
      const AddedToken& token = *by_id_.at(ids.front());
      if (!token.special) text += token.content;
      ids = ids.subspan(1);
    }
    return text;
  }

  std::int64_t vocab_size() const override { return vocab_size_; }
  std::optional<TokenId> bos_id() const override { return names_.bos; }
  std::optional<TokenId> eos_id() const override { return names_.eos; }

  std::optional<TokenId> token_id(std::string_view token) const override {
    const auto added = by_content_.find(std::string(token));
    return added != by_content_.end() ? std::optional(added->second) : model_->token_id(token);
  }

  std::string token(TokenId id) const override {
    const auto added = by_id_.find(id);
    if (added != by_id_.end()) return added->second->content;
    if (id < vocab_size_ && id >= model_->vocab_size()) return "";
    return model_->token(id);
  }

 private:
  // The space before a word, which the model leaves out where a text begins.
  std::string after(const std::string& text, std::span<const TokenId> run) const {
    const bool is_word = run[0] >= 0 && run[0] < model_->vocab_size() && model_->token(run[0]).starts_with(kMeta);
    return !text.empty() && is_word ? " " : "";
  }

  std::unique_ptr<Tokenizer> model_;
  AddedTokens added_;
  std::unordered_map<TokenId, const AddedToken*> by_id_;
  std::unordered_map<std::string, TokenId> by_content_;
  std::int64_t vocab_size_;
  SpecialNames names_;
};

// Added tokens by id, from all files; what an earlier file says counts.
class Reader {
 public:
  explicit Reader(const fs::path& directory) : directory_(directory) {}

  std::map<TokenId, AddedToken> read() {
    read_config();
    read_tokenizer();
    read_list();
    return std::move(tokens_);
  }

 private:
  // Null where there is no such file.
  Json file(const char* name) const { return fs::exists(directory_ / name) ? read_json(directory_ / name) : Json(); }
  std::string path(const char* name) const { return (directory_ / name).string(); }

  void add(const Json& id, AddedToken token, const std::string& file, const std::string& place) {
    if (!is_token_id(id)) throw InputError(file, place, fmt::format("a token id from 0 to {} was expected", kMaxTokens - 1));
    token.id = id.get<TokenId>();
    tokens_.emplace(token.id, std::move(token));
  }

  void read_config() {
    constexpr const char* kFile = "tokenizer_config.json";
    const Json config = file(kFile);
    for (const auto& [spelled, entry] : member(config, "added_tokens_decoder").items()) {
      const std::string place = fmt::format("added_tokens_decoder[\"{}\"]", spelled);
      TokenId id = -1;
      std::from_chars(spelled.data(), spelled.data() + spelled.size(), id);
      add(id, read_added_token(entry, path(kFile), place), path(kFile), place);
    }
  }

  void read_tokenizer() {
    constexpr const char* kFile = "tokenizer.json";
    const Json tokenizer = file(kFile);
    std::size_t number = 0;
    for (const Json& entry : member(tokenizer, "added_tokens")) {
      const std::string place = fmt::format("added_tokens[{}]", number++);
      add(member(entry, "id"), read_added_token(entry, path(kFile), place), path(kFile), place);
    }
  }

  // Spellings and ids alone: what the configuration names as bos, eos and so on is special, the rest is text.
  void read_list() {
    constexpr const char* kFile = "added_tokens.json";
    const Json list = file(kFile);
    if (!list.is_null() && !list.is_object()) throw InputError(path(kFile), "", "an object of tokens and ids was expected");
    const auto special = special_spellings();
    for (const auto& [spelling, id] : list.items()) {
      AddedToken token;
      token.content = spelling;
      token.special = special.contains(spelling);
      token.normalized = !token.special;
      add(id, std::move(token), path(kFile), spelling);
    }
  }

  std::set<std::string> special_spellings() const {
    std::set<std::string> special;
    const auto take = [&](const Json& entry) {
      const Json& name = entry.is_object() ? member(entry, "content") : entry;
      if (name.is_string()) special.insert(name.get<std::string>());
    };
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
      const Json names = file(name);
      for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
        take(member(names, key));
      }
      for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
        if (!member(names, key).is_array()) continue;
        for (const Json& entry : member(names, key)) take(entry);
      }
    }
    return special;
  }

  fs::path directory_;
  std::map<TokenId, AddedToken> tokens_;
};

}  // namespace

std::unique_ptr<Tokenizer> with_files_beside(std::unique_ptr<Tokenizer> model, const fs::path& directory) {
  std::vector<AddedToken> added;
  for (auto& [id, token] : Reader(directory).read()) {
    if (model->token_id(token.content) != id) added.push_back(std::move(token));
  }
  return std::make_unique<ExtendedTokenizer>(std::move(model), std::move(added), directory);
}

}  // namespace midillama::text
