#include "midillama/core/error.h"
#include "midillama/text/tokenizer.h"

namespace midillama::text {
namespace fs = std::filesystem;

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& path) {
  const fs::path file = fs::is_directory(path) ? path / "tokenizer.model" : path;
  if (!fs::exists(file)) throw InputError(path.string(), "", "there is no tokenizer here: a tokenizer.json or a tokenizer.model is needed");
  return load_sentencepiece(file);
}

}  // namespace midillama::text
