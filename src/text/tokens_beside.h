// Tokens that the files beside a tokenizer add to it. InputError naming file and key where they are not as Hugging Face writes them.
#pragma once

#include "midillama/core/file.h"
#include "text/added_tokens.h"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace midillama::text {

// The content of a JSON file in a directory; null where there is no such file.
Json file_beside(const std::filesystem::path& directory, const char* name);

// `added_tokens_decoder` of tokenizer_config.json, by id.
std::vector<AddedToken> tokens_of_config(const std::filesystem::path& directory);

// added_tokens.json: spellings and ids alone. What the other files name as special is special, the rest is text.
std::vector<AddedToken> tokens_of_list(const std::filesystem::path& directory);

// Where transformers 5 puts the space that begins a word, with its own class of Llama's tokenizers; the tokenizer file has no say in it.
struct LlamaSpaces {
  bool adds_prefix = true;  // before a text
  bool legacy = false;      // and before every part of it between added tokens
};
// What tokenizer_config.json says of them; nothing where it names another class.
std::optional<LlamaSpaces> llama_spaces(const std::filesystem::path& directory);

// What tokenizer_config.json and special_tokens_map.json name as the token that begins a text, ends it, fills it up and so on.
std::set<std::string> named_tokens(const std::filesystem::path& directory);

}  // namespace midillama::text
