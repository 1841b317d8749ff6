#include "midillama/shapes/prompt.h"

#include "midillama/core/error.h"
#include "midillama/text/chat_template.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace midillama::shapes {

bool hears_text(const config::Config& config) {
  return config.system != "midillama";
}

text::PromptTemplate prompt_template(const config::Config& config, const text::Tokenizer& tokenizer) {
  const config::Prompt& prompt = config.prompt;
  text::PromptText text = prompt.template_text == "chat" ? text::read_chat_template(config.llm.path, tokenizer)
                                                         : text::PromptText{.turn = prompt.template_text};
  if (!prompt.system.empty()) text.default_system = prompt.system;
  text.hears_text = hears_text(config);
  return {std::move(text), tokenizer};
}

std::vector<std::string> prompt_mistakes(const config::Config& config) {
  const std::string& text = config.prompt.template_text;
  if (text.empty()) return {};  // config::validate() refuses it
  try {
    if (std::filesystem::exists(config.llm.path)) prompt_template(config, *text::load_tokenizer(config.llm.path));
  } catch (const ConfigError& error) {
    return error.mistakes();
  } catch (const InputError& error) {
    return {fmt::format("llm.path: {}", error.what())};
  }
  return text == "chat" ? std::vector<std::string>() : text::template_mistakes({.turn = text, .hears_text = hears_text(config)});
}

}  // namespace midillama::shapes
