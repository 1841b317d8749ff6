// A tokenizer's model with the tokens and names that the files beside it add: a chat model's on top of its base model's tokenizer.model.
#pragma once

#include "midillama/text/tokenizer.h"

#include <filesystem>
#include <memory>

namespace midillama::text {

// Reads, where they are, tokenizer_config.json (`added_tokens_decoder`), tokenizer.json (`added_tokens`), added_tokens.json and
// special_tokens_map.json in the model's directory. The tokens come after the model's; which begin and end a text is as the files say, else
// as the model does. Where nothing is added or named otherwise, it is the model itself. InputError naming file and key.
std::unique_ptr<Tokenizer> with_files_beside(std::unique_ptr<Tokenizer> model, const std::filesystem::path& directory);

}  // namespace midillama::text
