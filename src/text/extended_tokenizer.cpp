#include "text/extended_tokenizer.h"

#include "midillama/core/error.h"
#include "midillama/text/utf8.h"
#include "text/added_tokens.h"
#include "text/character_level.h"
#include "text/special_names.h"
#include "text/tokenizer_file.h"
#include "text/tokens_beside.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
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
    names_ = names_beside(directory, [&](const std::string& name) { return token_id(name); },
                          {model_->bos_id(), model_->eos_id(), model_->adds_bos()});
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

  // None for added tokens: what the model's own tokens decode to depends on whether one is before them.
  std::string token_bytes(TokenId id) const override { return by_id_.contains(id) ? "" : model_->token_bytes(id); }
  bool drops_first_space() const override { return model_->drops_first_space(); }

  std::int64_t vocab_size() const override { return vocab_size_; }
  std::optional<TokenId> bos_id() const override { return names_.bos; }
  std::optional<TokenId> eos_id() const override { return names_.eos; }
  bool adds_bos() const override { return names_.bos && names_.adds_bos; }

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

// `added_tokens` of a tokenizer.json.
std::vector<AddedToken> tokens_of_tokenizer(const fs::path& directory) {
  constexpr const char* kFile = "tokenizer.json";
  const std::string path = (directory / kFile).string();
  const Json tokenizer = file_beside(directory, kFile);
  std::vector<AddedToken> tokens;
  for (const Json& entry : member(tokenizer, "added_tokens")) {
    const std::string place = fmt::format("added_tokens[{}]", tokens.size());
    require_token_id(member(entry, "id"), path, place);
    tokens.push_back(read_added_token(entry, path, place));
    tokens.back().id = member(entry, "id").get<TokenId>();
  }
  return tokens;
}

// By id, from all files; what an earlier file says counts.
std::map<TokenId, AddedToken> tokens_of_all_files(const fs::path& directory) {
  std::map<TokenId, AddedToken> tokens;
  for (const auto read : {tokens_of_config, tokens_of_tokenizer, tokens_of_list}) {
    for (AddedToken& token : read(directory)) tokens.emplace(token.id, std::move(token));
  }
  return tokens;
}

}  // namespace

std::unique_ptr<Tokenizer> with_files_beside(std::unique_ptr<Tokenizer> model, const fs::path& directory) {
  std::vector<AddedToken> added;
  for (auto& [id, token] : tokens_of_all_files(directory)) {
    if (model->token_id(token.content) != id) added.push_back(std::move(token));
  }
  return std::make_unique<ExtendedTokenizer>(std::move(model), std::move(added), directory);
}

}  // namespace midillama::text
