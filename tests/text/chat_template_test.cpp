#include "midillama/text/chat_template.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace midillama::text {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const fs::path kGolden = "tests/golden/text";

Conversation conversation_of(const Json& messages) {
  Conversation conversation;
  for (const Json& message : messages) {
    const std::string role = message["role"];
    conversation.messages.push_back({role == "system"      ? Role::system
                                     : role == "assistant" ? Role::assistant
                                                           : Role::user,
                                     message["content"]});
  }
  return conversation;
}

std::vector<TokenId> targets(const EncodedExample& example) {
  std::vector<TokenId> ids;
  for (const TokenId id : example.labels) {
    if (id != kIgnoreLabel) ids.push_back(id);
  }
  return ids;
}

TEST(ChatTemplate, IdsEqualTransformers) {
  const Json golden = read_json(kGolden / "chat_templates.json");
  for (const Json& entry : golden["cases"]) {
    const auto tokenizer = load_tokenizer(kGolden / entry["tokenizer"].get<std::string>());
    const std::string name = entry["template"];
    const PromptTemplate prompt(read_chat_template(kGolden / "chat" / name, *tokenizer), *tokenizer);
    for (const Json& row : entry["conversations"]) {
      const auto example = prompt.encode(conversation_of(row["messages"]), 10000, 1);
      EXPECT_EQ(example.input_ids, row["ids"].get<std::vector<TokenId>>())
          << name << " with " << entry["tokenizer"] << ": " << row["messages"].dump() << "\n"
          << tokenizer->decode(example.input_ids) << "\n"
          << prompt.text();
    }
  }
}

TEST(ChatTemplate, EveryAnswerCarriesLossAndThePromptIsItsBeginning) {
  const Json golden = read_json(kGolden / "chat_templates.json");
  for (const Json& entry : golden["cases"]) {
    const auto tokenizer = load_tokenizer(kGolden / entry["tokenizer"].get<std::string>());
    const PromptTemplate prompt(read_chat_template(kGolden / "chat" / entry["template"].get<std::string>(), *tokenizer), *tokenizer);
    const auto trained = prompt.encode("Which key?", "G", 1000, 1);
    const auto asked = prompt.encode_prompt("Which key?", 1000, 1);
    ASSERT_LT(asked.input_ids.size(), trained.input_ids.size());
    EXPECT_TRUE(std::equal(asked.input_ids.begin(), asked.input_ids.end(), trained.input_ids.begin()));
    EXPECT_EQ(count_targets(trained.labels), std::ssize(trained.input_ids) - std::ssize(asked.input_ids));
    EXPECT_THAT(tokenizer->decode(targets(trained)), HasSubstr("G"));
    EXPECT_TRUE(prompt.has_end());
    EXPECT_FALSE(prompt.stop_ids().empty());
  }
}

TEST(ChatTemplate, ThePlaceOfTheMusicIsInTheFirstUserTurn) {
  const auto text = [](const char* name, const char* tokenizer) {
    return read_chat_template(kGolden / "chat" / name, *load_tokenizer(kGolden / tokenizer)).turn;
  };
  EXPECT_EQ(text("llama3", "llama3"),
            "<|begin_of_text|>{turn}<|start_header_id|>user<|end_header_id|>\n\n{music}{question}<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n{answer}<|eot_id|>");
  EXPECT_EQ(text("llama2", "character_level/prepend"), "{turn}<s>{music}[INST] {system}{question} [/INST]{answer_start} {answer} </s>");
  EXPECT_EQ(text("mistral", "character_level/prepend"), "<s>{turn}{music} [INST] {system}{question} [/INST]{answer_start} {answer}</s>");
}

TEST(ChatTemplate, ASystemMessageThatIsNotGivenIsTheTemplatesOwn) {
  const auto tokenizer = load_tokenizer(kGolden / "chat/chatml");
  const auto text = read_chat_template(kGolden / "chat/chatml_default", *tokenizer);
  EXPECT_EQ(text.default_system, "You know 'folk' music.");
  EXPECT_EQ(text.system, "<|im_start|>system\n{system}<|im_end|>\n");
  EXPECT_EQ(read_chat_template(kGolden / "chat/chatml", *tokenizer).default_system, std::nullopt);
}

TEST(ChatTemplate, ChatmlIsBuiltIn) {
  const auto tokenizer = load_tokenizer(kGolden / "chat/chatml");
  const PromptTemplate own(read_chat_template(kGolden / "chat/chatml", *tokenizer), *tokenizer), built_in("chatml", *tokenizer);
  EXPECT_EQ(own.text(), built_in.text());
  const Conversation conversation = {{{Role::system, "s"}, {Role::user, "a"}, {Role::assistant, "b"}, {Role::user, "c"}}};
  EXPECT_EQ(own.encode(conversation, 1000, 1).input_ids, built_in.encode(conversation, 1000, 1).input_ids);
}

class RefusedChatTemplate : public testing::Test {
 protected:
  std::string refusal(const std::string& source) {
    write_atomically(folder_.path() / "chat_template.jinja", source);
    return refusal();
  }
  std::string refusal() const {
    try {
      read_chat_template(folder_.path(), *tokenizer_);
    } catch (const ConfigError& error) {
      return error.mistakes().at(0);
    }
    return "";
  }
  TemporaryDirectory folder_;
  std::unique_ptr<Tokenizer> tokenizer_ = load_tokenizer(kGolden / "chat/chatml");
};

TEST_F(RefusedChatTemplate, AnUnknownFamilyIsToldWhatToWrite) {
  const std::string what = refusal(
      "{% for m in messages %}{{ '<start_of_turn>' + m.role + '\\n' + m.content + '<end_of_turn>\\n' }}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<start_of_turn>assistant\\n' }}{% endif %}");
  EXPECT_THAT(what, AllOf(HasSubstr("prompt.template: chat"), HasSubstr("chat_template.jinja"), HasSubstr("no known family"),
                          HasSubstr(R"("{turn}<start_of_turn>user\n{music}{question}<end_of_turn>\n<start_of_turn>assistant\n{answer})")));
}

TEST_F(RefusedChatTemplate, WhatCannotBeUsedIsToldWhy) {
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no chat template"), HasSubstr("plain"), HasSubstr("chatml")));
  EXPECT_THAT(refusal("{{ strftime_now('%Y') }}"), AllOf(HasSubstr("date of the day"), HasSubstr("{music}{question}")));
  EXPECT_THAT(refusal("{% for m in messages %}{{ loop.index ~ m.content }}{% endfor %}"), HasSubstr("not alike"));
  EXPECT_THAT(refusal("{{ messages[0].content }}"), HasSubstr("role assistant"));
  EXPECT_THAT(refusal("{% for m in messages %}{{ m.content ~ m.content }}{% endfor %}"), HasSubstr("more than once"));
  EXPECT_THAT(refusal("{{ raise_exception('no') }}"), HasSubstr("refuses"));
  EXPECT_THAT(refusal("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}{{ 'x' if add_generation_prompt }}"),
              HasSubstr("to ask for an answer"));
}

constexpr const char* kTurn = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n";

std::string chatml_with(const std::string& before, const std::string& turn = kTurn) {
  return "{% for m in messages %}" + before + turn + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
}

TEST_F(RefusedChatTemplate, ATemplateThatCountsMessages) {
  EXPECT_EQ(refusal(chatml_with("")), "");
  for (const char* count : {"messages | length > 2", "messages|length == 1", "loop.length > 14", "loop.index > 20",
                            "messages[5] is defined", "messages[0].role != 'system' and loop.revindex > 8"}) {
    EXPECT_THAT(refusal(chatml_with("{% if " + std::string(count) + " %}LONG{% endif %}")), testing::Not("")) << count;
  }
}

TEST_F(RefusedChatTemplate, ATemplateThatLooksIntoMessages) {
  for (const char* looks : {"m.content | upper", "m['content'].lower()", "m.content | length", "(m.content | trim | length) ~ m.content"}) {
    EXPECT_THAT(refusal(chatml_with("", "<|im_start|>{{ m.role }}\n{{ " + std::string(looks) + " }}<|im_end|>\n")),
                HasSubstr("what the messages say"))
        << looks;
  }
}

// The texts of transformers' apply_chat_template for messages without the block are the golden ones of ChatML; with it they differ.
TEST_F(RefusedChatTemplate, AMessageInWhichTheTemplateSeeksSomethingThatItHas) {
  ASSERT_EQ(refusal(chatml_with("{% set text = m.content.split('</think>')[-1] if '</think>' in m.content else m.content %}",
                                "<|im_start|>{{ m.role }}\n{{ text }}<|im_end|>\n")),
            "");
  const PromptTemplate prompt(read_chat_template(folder_.path(), *tokenizer_), *tokenizer_), plain("chatml", *tokenizer_);
  EXPECT_EQ(prompt.encode("think", "</b>", 1000, 1).input_ids, plain.encode("think", "</b>", 1000, 1).input_ids);
  EXPECT_THAT([&] { prompt.encode("Which key?", "<think>hm</think>G", 1000, 1); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("</think>"), HasSubstr("prompt.template"))));
  EXPECT_THROW(prompt.encode({{{Role::system, "</think>"}, {Role::user, "a"}}}, 1000, 1), InputError);
}

TEST_F(RefusedChatTemplate, ATemplateThatIsNotUtf8IsRefusedByLine) {
  EXPECT_THAT([&] { refusal("{% for m in messages %}\n\xb4{{ m.content }}{% endfor %}"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("chat_template.jinja: line 2"), HasSubstr("UTF-8"))));
}

TEST_F(RefusedChatTemplate, OfSeveralTheDefaultIsTaken) {
  const std::string source = read_text(kGolden / "chat/chatml/chat_template.jinja");
  const Json config = {{"chat_template", {{{"name", "tools"}, {"template", "x"}}, {{"name", "default"}, {"template", source}}}}};
  write_atomically(folder_.path() / "tokenizer_config.json", config.dump());
  EXPECT_EQ(refusal(), "");
  write_atomically(folder_.path() / "chat_template.jinja", "x");
  EXPECT_NE(refusal(), "") << "the file of its own counts";
}

}  // namespace
}  // namespace midillama::text
