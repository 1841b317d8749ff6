#include "midillama/core/error.h"
#include "midillama/text/tokenizer.h"
#include "text/byte_level.h"
#include "text/extended_tokenizer.h"
#include "text/tokens_beside.h"

#include <algorithm>

namespace midillama::text {
namespace fs = std::filesystem;
namespace {

std::unique_ptr<Tokenizer> load_model_file(const fs::path& file) {
  return is_text(file) ? load_tiktoken(file) : load_sentencepiece(file);
}

// Whether the files beside a model leave out the space before a text.
Prefix prefix_beside(const fs::path& directory) {
  const auto spaces = llama_spaces(directory);
  return spaces && !spaces->adds_prefix ? Prefix::none : Prefix::as_the_model_says;
}

std::unique_ptr<Tokenizer> load_from_directory(const fs::path& directory) {
  const fs::path json = directory / "tokenizer.json";
  const fs::path model = directory / "tokenizer.model";
  // Directories of Llama-2 hold both: then the sentencepiece model is the original.
  if (fs::exists(json) && (!fs::exists(model) || is_byte_level(json))) return load_tokenizer_json(json);
  if (fs::exists(model) && is_text(model)) return load_tiktoken(model);
  if (fs::exists(model)) return with_files_beside(load_sentencepiece(model, prefix_beside(directory)), directory);
  throw InputError(directory.string(), "", "there is no tokenizer here: a tokenizer.json or a tokenizer.model is needed");
}

}  // namespace

// A token's spelling has at least its bytes.
std::size_t longest_token(const Tokenizer& tokenizer) {
  std::size_t longest = 1;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) longest = std::max(longest, tokenizer.token(id).size());
  return longest;
}

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& path) {
  if (fs::is_directory(path)) return load_from_directory(path);
  if (!fs::exists(path)) throw InputError(path.string(), "", "does not exist; a tokenizer file or the directory of one is needed");
  return path.extension() == ".json" ? load_tokenizer_json(path) : load_model_file(path);
}

}  // namespace midillama::text
