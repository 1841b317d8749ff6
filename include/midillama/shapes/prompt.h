// The prompt template that a configuration asks for.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/text/prompt.h"
#include "midillama/text/tokenizer.h"

#include <string>
#include <vector>

namespace midillama::shapes {

// Whether `system` gives clips to the language model as text (prompt.notes) where the template has musical tokens.
bool hears_text(const config::Config& config);

// prompt.template ("chat": that of the directory llm.path) with prompt.system as the system message of conversations without one, and with
// {notes} for {music} where the system hears_text(). The tokenizer must outlive it. ConfigError where it cannot be used.
text::PromptTemplate prompt_template(const config::Config& config, const text::Tokenizer& tokenizer);

// What is wrong with prompt.template whatever the decoder is; empty where nothing is.
std::vector<std::string> prompt_mistakes(const config::Config& config);

}  // namespace midillama::shapes
