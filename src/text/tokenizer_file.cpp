#include "text/tokenizer_file.h"

#include "midillama/core/log.h"
#include "text/tokens_beside.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace midillama::text {
namespace {

// Files of the first versions name no type.
std::string model_type(const Json& model) {
  return member(model, "type").is_null() && member(model, "merges").is_array() ? "BPE" : type_of(model);
}

// Tokens one after the other, none of whose ids is another's.
class Adding {
 public:
  Adding(const std::vector<std::string>& spellings, const TokenTable& table, const std::string& file)
      : spellings_(spellings), table_(table), file_(file), next_(static_cast<TokenId>(spellings.size())) {}

  void add(AddedToken token) {
    const auto [place, is_new] = places_.emplace(token.content, tokens_.size());
    if (!is_new) {
      token.id = tokens_[place->second].id;
      tokens_[place->second] = std::move(token);
      return;
    }
    if (const Symbol symbol = table_.find(token.content); symbol != kNoSymbol) {
      token.id = symbol;
    } else if (is_taken(token.id)) {
      log::warning("{}: the id {} of the added token \"{}\" is another's, so it gets {}", file_, token.id, token.content, next_);
      token.id = next_;
    }
    next_ = std::max(next_, token.id + 1);
    ids_.insert(token.id);
    tokens_.push_back(std::move(token));
  }

  std::vector<AddedToken> take() { return std::move(tokens_); }

 private:
  bool is_taken(TokenId id) const {
    const auto place = static_cast<std::size_t>(id);
    return ids_.contains(id) || (place < spellings_.size() && !spellings_[place].empty());
  }

  const std::vector<std::string>& spellings_;
  const TokenTable& table_;
  const std::string& file_;
  TokenId next_;  // after all ids
  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, std::size_t> places_;
  std::unordered_set<TokenId> ids_;
};

}  // namespace

const Json& member(const Json& object, const std::string& key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string type_of(const Json& object) {
  const Json& type = member(object, "type");
  return type.is_string() ? type.get<std::string>() : "";
}

bool read_flag(const Json& object, const std::string& key, const std::string& file, const std::string& place, bool absent) {
  const Json& value = member(object, key);
  if (value.is_null()) return absent;
  if (!value.is_boolean()) throw InputError(file, place.empty() ? key : place + "." + key, "true or false was expected");
  return value.get<bool>();
}

void require_token_id(const Json& value, const std::string& file, const std::string& place) {
  if (!is_token_id(value)) throw InputError(file, place, fmt::format("a token id from 0 to {} was expected", kMaxTokens - 1));
}

AddedToken read_added_token(const Json& entry, const std::string& file, const std::string& place) {
  AddedToken token;
  token.content = json_get<std::string>(entry, "content", file, place);
  token.special = read_flag(entry, "special", file, place, false);
  token.single_word = read_flag(entry, "single_word", file, place, false);
  token.lstrip = read_flag(entry, "lstrip", file, place, false);
  token.rstrip = read_flag(entry, "rstrip", file, place, false);
  token.normalized = read_flag(entry, "normalized", file, place, !token.special);
  return token;
}

bool TokenizerFile::flag(const Json& object, const std::string& key, const std::string& place, bool absent) const {
  return read_flag(object, key, file_, place, absent);
}

const Json& TokenizerFile::list(const Json& object, const std::string& key, const std::string& place) const {
  static const Json empty = Json::array();
  const Json& value = member(object, key);
  if (value.is_null()) return empty;
  if (!value.is_array()) fail(place, "a list was expected");
  return value;
}

std::string TokenizerFile::text(const Json& object, const std::string& key, const std::string& place) const {
  return json_get<std::string>(object, key, file_, place);
}

void TokenizerFile::read_vocabulary(const char* type) {
  const Json& model = member(root_, "model");
  if (model_type(model) != type) fail("model.type", fmt::format("\"{}\" is not supported, \"BPE\" and \"WordPiece\" are", type_of(model)));
  read_tokens(member(model, "vocab"));
}

void TokenizerFile::read_tokens(const Json& vocabulary) {
  if (!vocabulary.is_object() || vocabulary.empty()) fail("model.vocab", "an object of tokens and ids was expected");
  for (const auto& [spelling, value] : vocabulary.items()) {
    if (!is_token_id(value))
      fail(fmt::format("model.vocab[\"{}\"]", spelling), fmt::format("a token id from 0 to {} was expected", kMaxTokens - 1));
    const auto id = value.get<std::size_t>();
    if (id >= spellings_.size()) spellings_.resize(id + 1);
    if (!spellings_[id].empty())
      fail(fmt::format("model.vocab[\"{}\"]", spelling), fmt::format("the id is that of \"{}\" too", spellings_[id]));
    spellings_[id] = spelling;
  }
  table_.emplace(spellings_);
}

void TokenizerFile::require_plain_merges() const {
  const Json& model = member(root_, "model");
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json& value = member(model, affix);
    if (!value.is_null() && value != "") fail(fmt::format("model.{}", affix), "is not supported");
  }
  const Json& dropout = member(model, "dropout");
  if (!dropout.is_null() && dropout != 0) fail("model.dropout", "is not supported: it makes token ids random");
}

std::vector<Merge> TokenizerFile::merges() const {
  require_plain_merges();
  const Json& pairs = list(member(root_, "model"), "merges", "model.merges");
  std::vector<Merge> merges;
  merges.reserve(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto [left, right] = split(pairs[i]);
    const Merge merge = {table_->find(left), table_->find(right), table_->find(left + right), static_cast<std::uint32_t>(i)};
    if (left.empty() || right.empty() || std::max({merge.left, merge.right, merge.merged}) == kNoSymbol) {
      fail(fmt::format("model.merges[{}]", i), fmt::format("two tokens that together are a token were expected, not {}", pairs[i].dump()));
    }
    merges.push_back(merge);
  }
  return merges;
}

std::pair<std::string, std::string> TokenizerFile::split(const Json& merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) return {merge[0], merge[1]};
  if (!merge.is_string()) return {};
  const auto& both = merge.get_ref<const std::string&>();
  const std::size_t space = both.find(' ');
  if (space == std::string::npos) return {};
  return {both.substr(0, space), both.substr(space + 1)};
}

std::optional<TokenId> TokenizerFile::find(const std::string& name, const std::vector<AddedToken>& added) const {
  if (const auto token = std::ranges::find(added, name, &AddedToken::content); token != added.end()) return token->id;
  const Symbol id = table_->find(name);
  return id == kNoSymbol ? std::nullopt : std::optional<TokenId>(id);
}

BpeOptions TokenizerFile::options() const {
  const Json& model = member(root_, "model");
  BpeOptions options;
  options.whole_tokens_first = flag(model, "ignore_merges", "model", false);
  options.fuse_unknown = flag(model, "fuse_unk", "model", false);
  if (member(model, "unk_token").is_null()) return options;
  const std::string unknown = text(model, "unk_token", "model");
  options.unknown = table_->find(unknown);
  if (options.unknown == kNoSymbol) fail("model.unk_token", fmt::format("\"{}\" is not in the vocabulary", unknown));
  return options;
}

std::vector<AddedToken> TokenizerFile::added_tokens() const {
  Adding adding(spellings_, *table_, file_);
  const Json& tokens = list(root_, "added_tokens", "added_tokens");
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string place = fmt::format("added_tokens[{}]", i);
    AddedToken token = read_added_token(tokens[i], file_, place);
    const Json& id = member(tokens[i], "id");
    if (table_->find(token.content) == kNoSymbol) require_token_id(id, file_, place + ".id");
    if (is_token_id(id)) token.id = id.get<TokenId>();
    adding.add(std::move(token));
  }
  auto beside = tokens_of_config(directory());
  if (beside.empty()) beside = tokens_of_list(directory());
  for (AddedToken& token : beside) adding.add(std::move(token));
  auto added = adding.take();
  const auto named = named_tokens(directory());
  for (AddedToken& token : added) token.special = token.special || named.contains(token.content);
  return added;
}

}  // namespace midillama::text
