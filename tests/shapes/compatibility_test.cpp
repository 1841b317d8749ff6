#include "midillama/shapes/compatibility.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace midillama::shapes {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Named tokens, and the one text that Llama-3's tokenizer is known by.
class NamedTokens final : public text::Tokenizer {
 public:
  explicit NamedTokens(std::map<std::string, text::TokenId, std::less<>> tokens, text::TokenId eos, std::int64_t size = 128256)
      : tokens_(std::move(tokens)), eos_(eos), size_(size) {}

  std::vector<text::TokenId> encode(std::string_view text) const override {
    EXPECT_EQ(text, "It is in F sharp minor, 6/8, at 112.5 bpm.\nA gigue.");
    return text_ids;
  }
  std::string decode(std::span<const text::TokenId>) const override { return {}; }
  std::int64_t vocab_size() const override { return size_; }
  std::optional<text::TokenId> bos_id() const override { return 128000; }
  std::optional<text::TokenId> eos_id() const override { return eos_; }
  std::optional<text::TokenId> token_id(std::string_view token) const override {
    const auto found = tokens_.find(token);
    return found == tokens_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string token(text::TokenId id) const override { return std::to_string(id); }

  std::vector<text::TokenId> text_ids = {2181, 374, 304,  435, 17676, 9099,  11,  220, 21,  14,    23, 11,
                                         520,  220, 7261, 13,  20,    98824, 627, 32,  342, 22711, 13};

 private:
  std::map<std::string, text::TokenId, std::less<>> tokens_;
  text::TokenId eos_;
  std::int64_t size_;
};

const std::map<std::string, text::TokenId, std::less<>> kLlama3 = {{"<|begin_of_text|>", 128000},
                                                                   {"<|end_of_text|>", 128001},
                                                                   {"<|start_header_id|>", 128006},
                                                                   {"<|end_header_id|>", 128007},
                                                                   {"<|eot_id|>", 128009}};
const NamedTokens kBase(kLlama3, 128001), kChat(kLlama3, 128009);

LlamaConfig ends_with(std::vector<std::int64_t> ids) {
  LlamaConfig llm;
  llm.eos_token_ids = std::move(ids);
  return llm;
}

TEST(LlmKind, AChatModelNamesTheEndOfItsTurns) {
  const config::Llm automatic;
  EXPECT_EQ(llm_kind(automatic, ends_with({128001}), kBase), LlmKind::base);
  EXPECT_EQ(llm_kind(automatic, ends_with({128001, 128009}), kBase), LlmKind::instruct);
  EXPECT_EQ(llm_kind(automatic, ends_with({128001}), kChat), LlmKind::instruct);
  EXPECT_EQ(llm_kind(automatic, ends_with({2}), NamedTokens({{"</s>", 2}}, 2)), LlmKind::base);
}

TEST(LlmKind, TheConfigurationOverridesTheDirectory) {
  config::Llm said;
  said.kind = "instruct";
  EXPECT_EQ(llm_kind(said, ends_with({128001}), kBase), LlmKind::instruct);
  said.kind = "base";
  EXPECT_EQ(llm_kind(said, ends_with({128009}), kChat), LlmKind::base);
}

TEST(LlmKind, ReadsWhatInstructDirectoriesSay) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "config.json",
                   R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1,
                       "num_attention_heads": 2, "eos_token_id": 128001})");
  EXPECT_EQ(llm_kind({}, LlamaConfig::read(folder.path()), kBase), LlmKind::base);
  write_atomically(folder.path() / "generation_config.json", R"({"eos_token_id": [128001, 128009]})");
  EXPECT_EQ(llm_kind({}, LlamaConfig::read(folder.path()), kBase), LlmKind::instruct);
}

TEST(Template, ABaseModelTakesNoChatmlEither) {
  const std::map<std::string, text::TokenId, std::less<>> tokens = {{"<|endoftext|>", 0}, {"<|im_start|>", 1}, {"<|im_end|>", 2}};
  const NamedTokens base(tokens, 0, 3), chat(tokens, 2, 3);
  EXPECT_EQ(llm_kind({}, ends_with({0}), base), LlmKind::base);
  EXPECT_EQ(llm_kind({}, ends_with({2}), base), LlmKind::instruct);
  EXPECT_EQ(llm_kind({}, ends_with({0}), chat), LlmKind::instruct);
  EXPECT_NO_THROW(require_trained_template({}, text::PromptTemplate("chatml", chat), ends_with({2}), chat));
  EXPECT_THAT([&] { require_trained_template({}, text::PromptTemplate("chatml", base), ends_with({0}), base); },
              testing::ThrowsMessage<ConfigError>(AllOf(HasSubstr("writes <|im_start|>"), HasSubstr("<|im_end|> does not end its texts"))));
}

TEST(Template, ABaseModelTakesNoChatTokens) {
  const LlamaConfig base = ends_with({128001}), chat = ends_with({128001, 128009});
  config::Llm config;
  config.path = "models/base";
  const text::PromptTemplate plain("plain", kBase), llama3("llama3", kBase);
  const text::PromptTemplate own("{bos}{music}{question}\n{answer}<|eot_id|>", kBase);
  EXPECT_NO_THROW(require_trained_template(config, plain, base, kBase));
  EXPECT_NO_THROW(require_trained_template(config, llama3, chat, kBase));
  EXPECT_THROW(require_trained_template(config, own, base, kBase), ConfigError);
  EXPECT_THAT([&] { require_trained_template(config, llama3, base, kBase); },
              testing::ThrowsMessage<ConfigError>(AllOf(HasSubstr("prompt.template: writes <|start_header_id|>"), HasSubstr("models/base"),
                                                        HasSubstr("untrained"), HasSubstr("llm.kind=instruct"))));
  config.kind = "instruct";
  EXPECT_NO_THROW(require_trained_template(config, llama3, base, kBase));
}

TEST(Tokenizer, MustBelongToTheDecoder) {
  config::Llm config;
  config.path = "models/x";
  EXPECT_NO_THROW(require_tokenizer(config, LlamaConfig(), kBase));
  LlamaConfig small;
  small.vocab_size = 1000;
  EXPECT_THAT([&] { require_tokenizer(config, small, kBase); },
              testing::ThrowsMessage<InputError>(AllOf(HasSubstr("models/x"), HasSubstr("128256 ids"), HasSubstr("vocab_size is 1000"))));
  EXPECT_NO_THROW(require_tokenizer(config, small, NamedTokens({}, 2, 1000))) << "another vocabulary has other ids";
}

TEST(Tokenizer, SmolLm2IsToldByItsSpecialIds) {
  const std::map<std::string, text::TokenId, std::less<>> special = {
      {"<|endoftext|>", 0}, {"<|im_start|>", 1}, {"<|im_end|>", 2}, {"<repo_name>", 3}, {"<empty_output>", 16}};
  LlamaConfig llm;
  llm.vocab_size = 49152;
  NamedTokens tokenizer(special, 2, 49152);
  EXPECT_THAT([&] { require_tokenizer({}, llm, tokenizer); },
              testing::ThrowsMessage<InputError>(AllOf(HasSubstr("the tokenizer is not SmolLM2's"), HasSubstr("gives [2181, 374"))));
  tokenizer.text_ids = {1589, 314, 281, 426, 7858, 4835, 28,    216, 38,  31, 40,  28,   418, 216,
                        33,   33,  34,  30,  37,   278,  11043, 30,  198, 49, 310, 8672, 30};
  EXPECT_NO_THROW(require_tokenizer({}, llm, tokenizer));
  EXPECT_NO_THROW(require_tokenizer({}, llm, NamedTokens({{"<|im_end|>", 7}}, 7, 49152))) << "others are as large";
}

TEST(Tokenizer, Llama3sSpecialIdsAreKnown) {
  auto wrong = kLlama3;
  wrong["<|eot_id|>"] = 128008;
  wrong.erase("<|end_header_id|>");
  EXPECT_THAT([&] { require_tokenizer({}, LlamaConfig(), NamedTokens(wrong, 128001)); },
              testing::ThrowsMessage<InputError>(
                  AllOf(HasSubstr("<|eot_id|> is 128008, must be 128009"), HasSubstr("<|end_header_id|> is missing, must be 128007"))));
}

TEST(Tokenizer, Llama3sIdsOfATextAreKnown) {
  config::Llm config;
  config.path = "models/x";
  LlamaConfig llm;
  llm.vocab_size = 128256;
  NamedTokens other = kBase;
  EXPECT_NO_THROW(require_tokenizer(config, llm, other));
  other.text_ids.back() = 14;
  EXPECT_THAT([&] { require_tokenizer(config, llm, other); },
              testing::ThrowsMessage<InputError>(AllOf(HasSubstr("A gigue"), HasSubstr("22711, 13]"))));
}

TEST(LongestExample, IsNeverLongerThanTheContext) {
  config::Prompt prompt;
  prompt.max_length = 512;
  LlamaConfig llm;
  EXPECT_EQ(longest_example(prompt, llm), 512);
  llm.max_position_embeddings = 100;
  EXPECT_EQ(longest_example(prompt, llm), 100);
}

TEST(Template, WithoutAnEndIsSaid) {
  EXPECT_EQ(open_end(text::PromptTemplate("plain", kBase)), "");
  EXPECT_EQ(open_end(text::PromptTemplate("llama3", kBase)), "");
  EXPECT_THAT(open_end(text::PromptTemplate("{bos}{music}{question}\n{answer}\n", kBase)), HasSubstr("never stops"));
}

}  // namespace
}  // namespace midillama::shapes
