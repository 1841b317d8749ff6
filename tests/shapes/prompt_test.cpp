#include "midillama/shapes/prompt.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::shapes {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct ConfiguredPrompt : testing::Test {
  ConfiguredPrompt() { config.llm.path = "tests/golden/text/chat/chatml"; }
  // What comes before the answer, special tokens spelled out.
  std::string prompt() const {
    std::string text;
    for (const auto id : prompt_template(config, *tokenizer).encode_prompt("Which key?", 1000, 1).input_ids) {
      const std::string decoded = tokenizer->decode(std::vector{id});
      text += decoded.empty() ? tokenizer->token(id) : decoded;
    }
    return text;
  }
  config::Config config;
  std::unique_ptr<text::Tokenizer> tokenizer = text::load_tokenizer("tests/golden/text/chat/chatml");
};

TEST_F(ConfiguredPrompt, ChatIsTheModelsOwnTemplate) {
  config.prompt.template_text = "chat";
  EXPECT_EQ(prompt(), "<|im_start|>user\nWhich key?<|im_end|>\n<|im_start|>assistant\n");
  config.llm.path = "tests/golden/text/chat/chatml_default";
  EXPECT_THAT(prompt(), HasSubstr("system\nYou know 'folk' music.<|im_end|>"));
  config.llm.path = "tests/golden/text/llama3";
  EXPECT_THAT([&] { prompt(); }, ThrowsMessage<ConfigError>(HasSubstr("no chat template")));
}

TEST_F(ConfiguredPrompt, TheSystemMessageIsTheConfigurations) {
  config.prompt.system = "Hear.";
  config.prompt.template_text = "chatml";
  EXPECT_EQ(prompt(), "<|im_start|>system\nHear.<|im_end|>\n<|im_start|>user\nWhich key?<|im_end|>\n<|im_start|>assistant\n");
  config.prompt.template_text = "chat";
  config.llm.path = "tests/golden/text/chat/chatml_default";
  EXPECT_THAT(prompt(), testing::StartsWith("<|im_start|>system\nHear.<|im_end|>"));
  config.prompt.template_text = "{music}{question}: {answer}";
  EXPECT_EQ(prompt(), "Hear.\n\nWhich key?: ");
}

TEST_F(ConfiguredPrompt, ASystemThatHearsTextHasItInTheQuestion) {
  config.system = "abc";
  for (const char* name : {"chat", "chatml"}) {
    config.prompt.template_text = name;
    const auto prompt = prompt_template(config, *tokenizer);
    EXPECT_FALSE(prompt.has_music());
    EXPECT_THAT(prompt.one_turn(), HasSubstr("user\n{notes}\n{question}")) << name;
  }
  config.prompt.template_text = "{music}{answer}";
  EXPECT_THAT(prompt_mistakes(config), testing::ElementsAre(HasSubstr("{question} is missing")));
}

}  // namespace
}  // namespace midillama::shapes
