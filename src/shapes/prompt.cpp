#include "midillama/shapes/prompt.h"

#include "midillama/text/chat_template.h"

#include <utility>

namespace midillama::shapes {

text::PromptTemplate prompt_template(const config::Config& config, const text::Tokenizer& tokenizer) {
  const config::Prompt& prompt = config.prompt;
  text::PromptText text = prompt.template_text == "chat" ? text::read_chat_template(config.llm.path, tokenizer)
                                                         : text::PromptText{.turn = prompt.template_text};
  if (!prompt.system.empty()) text.default_system = prompt.system;
  return {std::move(text), tokenizer};
}

}  // namespace midillama::shapes
