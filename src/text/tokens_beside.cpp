#include "text/tokens_beside.h"

#include "text/tokenizer_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace midillama::text {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kList = "added_tokens.json";
constexpr const char* kNamingFiles[] = {kConfig, "special_tokens_map.json"};

void take_spelling(const Json& entry, std::set<std::string>& spellings) {
  const Json& name = entry.is_object() ? member(entry, "content") : entry;
  if (name.is_string()) spellings.insert(name.get<std::string>());
}

// Special tokens without a task of their own.
std::set<std::string> further_special_tokens(const fs::path& directory) {
  std::set<std::string> spellings;
  for (const char* file : kNamingFiles) {
    const Json names = file_beside(directory, file);
    for (const char* key : {"additional_special_tokens", "extra_special_tokens"}) {
      if (!member(names, key).is_array()) continue;
      for (const Json& entry : member(names, key)) take_spelling(entry, spellings);
    }
  }
  return spellings;
}

}  // namespace

Json file_beside(const fs::path& directory, const char* name) {
  return fs::exists(directory / name) ? read_json(directory / name) : Json();
}

std::vector<AddedToken> tokens_of_config(const fs::path& directory) {
  const std::string file = (directory / kConfig).string();
  const Json config = file_beside(directory, kConfig);
  std::vector<AddedToken> tokens;
  for (const auto& [spelled, entry] : member(config, "added_tokens_decoder").items()) {
    const std::string place = fmt::format("added_tokens_decoder[\"{}\"]", spelled);
    AddedToken token = read_added_token(entry, file, place);
    token.id = -1;
    std::from_chars(spelled.data(), spelled.data() + spelled.size(), token.id);
    require_token_id(token.id, file, place);
    tokens.push_back(std::move(token));
  }
  std::ranges::sort(tokens, {}, &AddedToken::id);
  return tokens;
}

std::vector<AddedToken> tokens_of_list(const fs::path& directory) {
  const std::string file = (directory / kList).string();
  const Json list = file_beside(directory, kList);
  if (!list.is_null() && !list.is_object()) throw InputError(file, "", "an object of tokens and ids was expected");
  auto special = named_tokens(directory);
  special.merge(further_special_tokens(directory));
  std::vector<AddedToken> tokens;
  for (const auto& [spelling, id] : list.items()) {
    AddedToken token;
    require_token_id(id, file, spelling);
    token.id = id.get<TokenId>();
    token.content = spelling;
    token.special = special.contains(spelling);
    token.normalized = !token.special;
    tokens.push_back(std::move(token));
  }
  std::ranges::sort(tokens, {}, &AddedToken::id);
  return tokens;
}

std::optional<LlamaSpaces> llama_spaces(const fs::path& directory) {
  const std::string file = (directory / kConfig).string();
  const Json config = file_beside(directory, kConfig);
  const Json& name = member(config, "tokenizer_class");
  if (name != "LlamaTokenizer" && name != "LlamaTokenizerFast") return std::nullopt;
  return LlamaSpaces{.adds_prefix = read_flag(config, "add_prefix_space", file, "", true),
                     .legacy = read_flag(config, "legacy", file, "", false)};
}

std::set<std::string> named_tokens(const fs::path& directory) {
  std::set<std::string> spellings;
  for (const char* file : kNamingFiles) {
    const Json names = file_beside(directory, file);
    for (const char* key : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}) {
      take_spelling(member(names, key), spellings);
    }
  }
  return spellings;
}

}  // namespace midillama::text
