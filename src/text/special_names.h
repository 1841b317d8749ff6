// Which tokens of a tokenizer.json begin and end a text. The file itself does not say; its neighbours and its post-processor do.
#pragma once

#include "midillama/core/file.h"
#include "midillama/text/tokenizer.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace midillama::text {

struct SpecialNames {
  std::optional<TokenId> bos, eos;
  bool adds_bos = true;  // Tokenizer::adds_bos(), where there is one
};

// What tokenizer_config.json and special_tokens_map.json in `directory` say (add_bos_token, too); `otherwise` for what they do not name.
// `id` gives a token's id by its spelling.
SpecialNames names_beside(const std::filesystem::path& directory, const std::function<std::optional<TokenId>(const std::string&)>& id,
                          const SpecialNames& otherwise);

// Looked up in this order: tokenizer_config.json and special_tokens_map.json beside `file` (null there means that there is none), the
// post-processor of `tokenizer`, the names in common use. Only the first two say that bos is added. `id` gives a token's id by its
// spelling.
SpecialNames find_special_names(const std::filesystem::path& file, const Json& tokenizer,
                                const std::function<std::optional<TokenId>(const std::string&)>& id);

}  // namespace midillama::text
