#include "midillama/text/prompt.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace midillama::text {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One id a byte, and named special tokens above.
class ByteTokenizer final : public Tokenizer {
 public:
  explicit ByteTokenizer(std::map<std::string, TokenId, std::less<>> special, std::optional<TokenId> bos = {},
                         std::optional<TokenId> eos = {})
      : special_(std::move(special)), bos_(bos), eos_(eos) {}

  std::vector<TokenId> encode(std::string_view text) const override {
    std::vector<TokenId> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    for (const TokenId id : ids) text += id < 256 ? std::string(1, static_cast<char>(id)) : token(id);
    return text;
  }
  std::int64_t vocab_size() const override { return 300; }
  std::optional<TokenId> bos_id() const override { return bos_; }
  std::optional<TokenId> eos_id() const override { return eos_; }
  std::optional<TokenId> token_id(std::string_view token) const override {
    const auto found = special_.find(token);
    return found == special_.end() ? std::nullopt : std::optional(found->second);
  }
  std::string token(TokenId id) const override {
    for (const auto& [name, special] : special_) {
      if (special == id) return name;
    }
    return std::string(1, static_cast<char>(id));
  }

 private:
  std::map<std::string, TokenId, std::less<>> special_;
  std::optional<TokenId> bos_, eos_;
};

const ByteTokenizer kBytes({{"<s>", 256}, {"</s>", 257}}, 256, 257);
const ByteTokenizer kChat(
    {{"<|begin_of_text|>", 260}, {"<|end_of_text|>", 261}, {"<|start_header_id|>", 266}, {"<|end_header_id|>", 267}, {"<|eot_id|>", 269}},
    260, 269);

std::vector<std::string> mistakes_of(const std::string& text, const Tokenizer& tokenizer = kBytes) {
  try {
    PromptTemplate(text, tokenizer);
    return {};
  } catch (const ConfigError& error) {
    return error.mistakes();
  }
}

// The part of an example that carries loss.
std::string target(const EncodedExample& example, const Tokenizer& tokenizer) {
  std::vector<TokenId> ids;
  for (const TokenId id : example.labels) {
    if (id != kIgnoreLabel) ids.push_back(id);
  }
  return tokenizer.decode(ids);
}

TEST(PromptTemplate, PlainPutsTheMusicAfterBosAndTheLossOnTheAnswer) {
  const auto example = PromptTemplate("plain", kBytes).encode("Which key?", "G major.", 100, 1);
  EXPECT_EQ(kBytes.decode(example.input_ids), "<s>Question: Which key?\nAnswer:\nG major.</s>");
  EXPECT_EQ(example.music_position, 1);
  EXPECT_EQ(example.labels.size(), example.input_ids.size());
  EXPECT_EQ(target(example, kBytes), "G major.</s>");
  EXPECT_EQ(example.cut_tokens, 0);
}

TEST(PromptTemplate, Llama3IsTheChatTemplateWithTheMusicFirst) {
  const auto example = PromptTemplate("llama3", kChat).encode("Which key?", "G major.", 200, 1);
  EXPECT_EQ(kChat.decode(example.input_ids),
            "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhich key?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\nG major.<|eot_id|>");
  EXPECT_EQ(example.music_position, 1);
  EXPECT_EQ(target(example, kChat), "G major.<|eot_id|>");
}

TEST(PromptTemplate, Llama3WorksWithItsOwnTokenizer) {
  const auto tokenizer = load_tokenizer("tests/golden/text/llama3");
  const PromptTemplate prompt("llama3", *tokenizer);
  const auto example = prompt.encode("Which key?", "E minor.", 200, 1);
  EXPECT_EQ(tokenizer->decode(example.input_ids), "user\n\nWhich key?assistant\n\nE minor.");
  EXPECT_EQ(example.input_ids.front(), tokenizer->token_id("<|begin_of_text|>"));
  EXPECT_EQ(example.input_ids.back(), tokenizer->token_id("<|eot_id|>"));
  EXPECT_EQ(target(example, *tokenizer), "E minor.");
}

TEST(PromptTemplate, ThePromptOfGenerationIsThePromptOfTraining) {
  for (const char* text : {"plain", "llama3", "<|begin_of_text|>{question} {music}->{answer}{eos}"}) {
    const PromptTemplate prompt(text, kChat);
    const auto alone = prompt.encode_prompt("Which key?", 100, 1);
    const auto trained = prompt.encode("Which key?", "G", 200, 1);
    ASSERT_LT(alone.input_ids.size(), trained.input_ids.size());
    EXPECT_TRUE(std::equal(alone.input_ids.begin(), alone.input_ids.end(), trained.input_ids.begin()));
    EXPECT_EQ(alone.music_position, trained.music_position);
    EXPECT_THAT(alone.labels, Each(kIgnoreLabel));
    EXPECT_NE(trained.labels[alone.labels.size()], kIgnoreLabel);
  }
}

TEST(PromptTemplate, WhiteSpaceAroundQuestionAndAnswerIsRemoved) {
  const auto example = PromptTemplate("{music}[{question}][{answer}]", kBytes).encode(" \n a b\xc2\xa0\t", "\xe2\x80\x89 c\r\n", 100, 1);
  EXPECT_EQ(kBytes.decode(example.input_ids), "[a b][c]");
}

TEST(PromptTemplate, SpecialTokensAreFoundInTheTemplateOnly) {
  const PromptTemplate prompt("<s>{music}<x>{question}</s>{answer}", kBytes);
  const auto example = prompt.encode("</s>{answer}", "<s>", 100, 1);
  EXPECT_EQ(std::ranges::count(example.input_ids, 256), 1);
  EXPECT_EQ(std::ranges::count(example.input_ids, 257), 1);
  EXPECT_EQ(kBytes.decode(example.input_ids), "<s><x></s>{answer}</s><s>");
}

TEST(PromptTemplate, ALongQuestionIsCutAtItsEndOnACharacter) {
  const PromptTemplate prompt("{music}Q: {question}\nA: {answer}", kBytes);
  const auto whole = prompt.encode("abcdef\xe2\x99\xa9\xe2\x99\xa9", "yes", 100, 2);
  const auto cut = prompt.encode("abcdef\xe2\x99\xa9\xe2\x99\xa9", "yes", static_cast<std::int64_t>(whole.input_ids.size()), 2);
  EXPECT_EQ(kBytes.decode(cut.input_ids), "Q: abcdef\xe2\x99\xa9\nA: yes");
  EXPECT_EQ(cut.cut_tokens, 3);
  EXPECT_EQ(kBytes.decode(prompt.encode_prompt("abcdef", 12, 2).input_ids), "Q: abc\nA: ");
}

TEST(PromptTemplate, TheAnswerIsCutOnlyWhereTheWholeQuestionIsNotEnough) {
  const PromptTemplate prompt("{bos}{music}Q: {question}\nA: {answer}{eos}", kBytes);
  const auto whole = prompt.encode("abcd", "12345678", 100, 1);
  const auto length = static_cast<std::int64_t>(whole.input_ids.size()) + 1;
  const auto without_question = prompt.encode("abcd", "12345678", length - 4, 1);
  EXPECT_EQ(kBytes.decode(without_question.input_ids), "<s>Q: \nA: 12345678</s>");
  EXPECT_EQ(without_question.cut_tokens, 4);
  EXPECT_EQ(without_question.cut_answer_tokens, 0);

  const auto cut = prompt.encode("abcd", "12345678", length - 4 - 3, 1);
  EXPECT_EQ(kBytes.decode(cut.input_ids), "<s>Q: \nA: 12345</s>") << "the template's tokens stay whole";
  EXPECT_EQ(target(cut, kBytes), "12345</s>");
  EXPECT_EQ(cut.labels.size(), cut.input_ids.size());
  EXPECT_EQ(cut.music_position, 1);
  EXPECT_EQ(cut.cut_tokens, 4);
  EXPECT_EQ(cut.cut_answer_tokens, 3);
}

TEST(PromptTemplate, ATokenOfTheAnswerMustFit) {
  const PromptTemplate prompt("{music}Q{question}A{answer}{eos}", kBytes);
  EXPECT_EQ(kBytes.decode(prompt.encode("ab", "12345678", 5, 1).input_ids), "QA1</s>");
  EXPECT_THAT([&] { prompt.encode("ab", "12345678", 4, 1); },
              testing::ThrowsMessage<InputError>(AllOf(HasSubstr("needs 4 tokens (1 of them for the music)"), HasSubstr("at most 4"))));
  EXPECT_THROW(prompt.encode("ab", "\xe2\x99\xa9", 5, 1), InputError) << "a character of three bytes is not cut in two";
}

TEST(PromptTemplate, StopsAtEveryTokenThatEndsAnAnswer) {
  EXPECT_THAT(PromptTemplate("plain", kBytes).stop_ids(), ElementsAre(257));
  EXPECT_THAT(PromptTemplate("llama3", kChat).stop_ids(), ElementsAre(269, 261));
  EXPECT_THAT(PromptTemplate("{music}{question}{answer}", ByteTokenizer({})).stop_ids(), IsEmpty());
}

TEST(PromptTemplate, EveryMistakeIsReported) {
  EXPECT_THAT(mistakes_of("{question}{question}{key}"),
              ElementsAre(HasSubstr("{key}"), HasSubstr("{music} is missing"), HasSubstr("{question} stands 2 times"),
                          HasSubstr("{answer} is missing")));
  EXPECT_THAT(mistakes_of("{music}{answer}{question}"), ElementsAre(AllOf(HasSubstr("prompt.template"), HasSubstr("before {answer}"))));
  EXPECT_THAT(mistakes_of("{bos}{music}{question}{answer}", ByteTokenizer({})), ElementsAre(HasSubstr("no bos token")));
  EXPECT_EQ(mistakes_of("llama3", kBytes).size(), 7u);
  EXPECT_THAT(mistakes_of("{ {} {Music} < > <| {music}{question}{answer}"), IsEmpty());
}

TEST(PromptTemplate, WhatIsWrongWhateverTheTokenizerIsKnownWithoutOne) {
  for (const char* text : {"{question}{question}{key}", "{music}{answer}{question}", "{bos}{music}{music}{question}{answer}{eos}",
                           "{bos}{music}{answer}{question}{eos}", "{music}{question}", "{bos}{music}{question}{answer}{answer}{eos}",
                           "{foo}{music}{question}{answer}", "{question}{answer}", "{music}{question}{turn}{answer}",
                           "{music}{question}{system}{answer}", "{answer_start}{music}{question}{answer}", ""}) {
    EXPECT_THAT(template_mistakes({.turn = text}), testing::Not(IsEmpty())) << text;
    EXPECT_EQ(template_mistakes({.turn = text}), mistakes_of(text)) << text;
  }
  for (const char* text : {"plain", "llama3", "chatml", "{bos}<|any|>{music}[INST]{question}[/INST]{answer}{eos}"}) {
    EXPECT_THAT(template_mistakes({.turn = text}), IsEmpty()) << text;
  }
}

const Conversation kTwoTurns = {
    {{Role::user, "Which key?"}, {Role::assistant, "G major."}, {Role::user, "Which meter?"}, {Role::assistant, "6/8."}}};

TEST(PromptTemplate, AConversationRepeatsTheTurnAndHasItsMusicOnce) {
  const auto example = PromptTemplate("plain", kBytes).encode(kTwoTurns, 200, 1);
  EXPECT_EQ(kBytes.decode(example.input_ids), "<s>Question: Which key?\nAnswer:\nG major.</s>Question: Which meter?\nAnswer:\n6/8.</s>");
  EXPECT_EQ(example.music_position, 1);
  EXPECT_EQ(target(example, kBytes), "G major.</s>6/8.</s>") << "both answers carry loss";
}

TEST(PromptTemplate, AQuestionAfterAnAnswerIsAPromptThatGoesOnWithTheTrainedIds) {
  for (const char* text : {"plain", "llama3"}) {
    const PromptTemplate prompt(text, kChat);
    auto asked = kTwoTurns;
    asked.messages.pop_back();
    const auto alone = prompt.encode(asked, 300, 1);
    const auto trained = prompt.encode(kTwoTurns, 300, 1);
    ASSERT_LT(alone.input_ids.size(), trained.input_ids.size());
    EXPECT_TRUE(std::equal(alone.input_ids.begin(), alone.input_ids.end(), trained.input_ids.begin()));
    EXPECT_EQ(count_targets(alone.labels), count_targets(prompt.encode("Which key?", "G major.", 300, 1).labels));
    EXPECT_EQ(alone.labels.back(), kIgnoreLabel);
  }
}

TEST(PromptTemplate, ASystemMessageIsATurnOfItsOwnOrComesBeforeTheFirstQuestion) {
  auto conversation = kTwoTurns;
  conversation.messages.insert(conversation.messages.begin(), {Role::system, " You hear a tune. "});
  EXPECT_EQ(kChat.decode(PromptTemplate("llama3", kChat).encode(conversation, 400, 1).input_ids),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nYou hear a tune.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nWhich key?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\nG major.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nWhich meter?<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n6/8.<|eot_id|>");
  EXPECT_EQ(kBytes.decode(PromptTemplate("plain", kBytes).encode(conversation, 200, 1).input_ids),
            "<s>Question: You hear a tune.\n\nWhich key?\nAnswer:\nG major.</s>Question: Which meter?\nAnswer:\n6/8.</s>");
  EXPECT_EQ(kBytes.decode(PromptTemplate("{music}{question}>{answer}", kBytes, "[{system}]").encode(conversation, 200, 1).input_ids),
            "[You hear a tune.]Which key?>G major.Which meter?>6/8.");
}

TEST(PromptTemplate, ABosThatBeginsEveryMessageBelongsToTheTurn) {
  const ByteTokenizer chatml({{"<|im_start|>", 256}, {"<|im_end|>", 257}}, 256, 257);
  const PromptTemplate prompt("<|im_start|>user\n{music}{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n", chatml);
  const auto example = prompt.encode(kTwoTurns, 300, 1);
  EXPECT_EQ(std::ranges::count(example.input_ids, 256), 4);
  EXPECT_EQ(example.music_position, 6);
}

TEST(PromptTemplate, WhatComesBeforeTheFieldTurnIsThereOnce) {
  const PromptTemplate prompt("Tune: {turn}<s>{music}[{question}]{answer}</s>", kBytes);
  const auto example = prompt.encode(kTwoTurns, 200, 1);
  EXPECT_EQ(kBytes.decode(example.input_ids), "Tune: <s>[Which key?]G major.</s><s>[Which meter?]6/8.</s>") << "bos is the turn's here";
  EXPECT_EQ(example.music_position, 7);
  EXPECT_THAT(mistakes_of("{music}{turn}{question}{turn}{answer}"), ElementsAre(HasSubstr("{turn} stands more than once")));
  EXPECT_THAT(mistakes_of("{music}{question}{turn}{answer}"), ElementsAre(HasSubstr("{turn} must come before {question}")));
}

TEST(PromptTemplate, TheFieldSystemIsThePlaceOfASystemMessage) {
  const PromptTemplate prompt("{bos}{music}[{system}{question}]{answer}{eos}", kBytes, "<{system}> ");
  auto conversation = kTwoTurns;
  EXPECT_EQ(kBytes.decode(prompt.encode(conversation, 200, 1).input_ids), "<s>[Which key?]G major.</s>[Which meter?]6/8.</s>");
  conversation.messages.insert(conversation.messages.begin(), {Role::system, "Hear"});
  EXPECT_EQ(kBytes.decode(prompt.encode(conversation, 200, 1).input_ids), "<s>[<Hear> Which key?]G major.</s>[Which meter?]6/8.</s>");
  EXPECT_EQ(kBytes.decode(PromptTemplate("{system}{music}|{question}|{answer}", kBytes).encode(conversation, 200, 1).input_ids),
            "Hear|Which key?|G major.|Which meter?|6/8.");
  EXPECT_THAT(mistakes_of("{music}{question}{system}{answer}"), ElementsAre(HasSubstr("{system} must come before")));
}

TEST(PromptTemplate, AnAnswerMayBeginBeforeItsText) {
  const PromptTemplate prompt("{music}[{question}]{answer_start} {answer}</s>", kBytes);
  EXPECT_EQ(target(prompt.encode("a", "b", 100, 1), kBytes), " b</s>");
  EXPECT_EQ(kBytes.decode(prompt.encode_prompt("a", 100, 1).input_ids), "[a]");
  EXPECT_THAT(mistakes_of("{answer_start}{music}{question}{answer}"), ElementsAre(HasSubstr("{answer_start} must come between")));
}

// Of tokenizers that put a space before the text's beginning alone, none comes before what goes on behind a cut.
TEST(PromptTemplate, ATextThatGoesOnBehindACutHasNoBeginning) {
  const auto tokenizer = load_tokenizer("tests/golden/text/character_level/metaspace");
  const PromptTemplate prompt("{music}Q:{question}{answer_start}{answer}{eos}", *tokenizer);
  auto expected = tokenizer->encode("Q:a");
  for (const TokenId id : tokenizer->encode_rest("reel")) expected.push_back(id);
  expected.push_back(*tokenizer->eos_id());
  EXPECT_EQ(prompt.encode("a", "reel", 100, 1).input_ids, expected);
  EXPECT_NE(tokenizer->encode_rest("reel"), tokenizer->encode("reel"));
}

TEST(PromptTemplate, AConversationWithoutASystemMessageHasTheDefault) {
  const ByteTokenizer tokenizer({{"<|im_start|>", 256}, {"<|im_end|>", 257}}, 256, 257);
  const PromptTemplate chatml(PromptText{.turn = "chatml", .default_system = "Hear."}, tokenizer);
  EXPECT_EQ(tokenizer.decode(chatml.encode_prompt("Which key?", 200, 1).input_ids),
            "<|im_start|>system\nHear.<|im_end|>\n<|im_start|>user\nWhich key?<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(tokenizer.decode(chatml.encode({{{Role::system, "Look."}, {Role::user, "a"}}}, 200, 1).input_ids),
            "<|im_start|>system\nLook.<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(
      chatml.one_turn(),
      "<|im_start|>system\nHear.<|im_end|>\n<|im_start|>user\n{music}{question}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n");
  EXPECT_EQ(PromptTemplate(PromptText{.turn = "plain", .default_system = "Hear."}, kBytes).one_turn(),
            "{bos}{music}Question: Hear.\n\n{question}\nAnswer:\n{answer}{eos}");
  EXPECT_EQ(PromptTemplate("{music}[{system}{question}]{answer_start} {answer}</s>", kBytes).one_turn(), "{music}[{question}]{answer}</s>");
}

TEST(PromptTemplate, TheClipMayBeTextInPlaceOfMusicOrBesideIt) {
  const PromptTemplate text("{bos}{notes}\nQ: {question}\nA: {answer}{eos}", kBytes);
  EXPECT_FALSE(text.has_music());
  EXPECT_TRUE(text.has_notes());
  EXPECT_EQ(kBytes.decode(text.encode("Which key?", "G", 100, 0, "D4 1\n").input_ids), "<s>D4 1\nQ: Which key?\nA: G</s>");
  const PromptTemplate both("{bos}{music}{notes}\n{question}\n{answer}{eos}", kBytes);
  EXPECT_TRUE(both.has_music());
  auto conversation = kTwoTurns;
  conversation.notes = "D4 1";
  EXPECT_EQ(kBytes.decode(both.encode(conversation, 100, 1).input_ids), "<s>D4 1\nWhich key?\nG major.</s>\nWhich meter?\n6/8.</s>");
}

TEST(PromptTemplate, TextTakesThePlaceOfMusicWhereTheSystemHearsText) {
  const auto heard = [](const std::string& turn) {
    return PromptTemplate(PromptText{.turn = turn, .hears_text = true}, kBytes).one_turn();
  };
  EXPECT_EQ(heard("plain"), "{bos}{notes}\nQuestion: {question}\nAnswer:\n{answer}{eos}");
  EXPECT_EQ(heard("{bos}{music}\nQ: {question}\n{answer}"), "{bos}{notes}\nQ: {question}\n{answer}");
  EXPECT_EQ(heard("{bos}{music}Q: {question} about {notes}\n{answer}"), "{bos}Q: {question} about {notes}\n{answer}");
  EXPECT_EQ(heard("{notes}{question}{answer}"), "{notes}{question}{answer}");
  EXPECT_EQ(heard("{bos}{music}{turn}[user] {question}[ai]{answer}{eos}"), "{bos}[user] {notes}\n{question}[ai]{answer}{eos}")
      << "no text of a conversation is outside of its turns";
  EXPECT_THROW(heard("{music}{answer}"), ConfigError);
}

TEST(PromptTemplate, NotesAreCutFirstThenEarlierTurnsThenTheQuestion) {
  const PromptTemplate prompt("{notes}[{question}]{answer};", kBytes);
  auto conversation = kTwoTurns;
  conversation.notes = "0123456789";
  const auto cut = [&](std::int64_t length) { return prompt.encode(conversation, length, 0); };
  EXPECT_EQ(kBytes.decode(cut(100).input_ids), "0123456789[Which key?]G major.;[Which meter?]6/8.;");
  EXPECT_EQ(kBytes.decode(cut(43).input_ids), "012[Which key?]G major.;[Which meter?]6/8.;");
  EXPECT_EQ(cut(43).cut_notes_tokens, 7);
  EXPECT_EQ(kBytes.decode(cut(39).input_ids), "[Which meter?]6/8.;");
  EXPECT_EQ(cut(39).cut_notes_tokens, 10);
  EXPECT_EQ(cut(39).cut_history_tokens, 21);
  EXPECT_EQ(kBytes.decode(cut(12).input_ids), "[Which]6/8.;");
  EXPECT_EQ(cut(12).cut_tokens, 7);
  EXPECT_EQ(kBytes.decode(cut(4).input_ids), "[]6;");
  EXPECT_EQ(cut(4).cut_answer_tokens, 3);
}

TEST(PromptTemplate, MessagesThatAreNoConversationAreRefused) {
  const PromptTemplate prompt("plain", kBytes);
  const auto refused = [&](std::vector<Message> messages) { EXPECT_THROW(prompt.encode({std::move(messages)}, 100, 1), Error); };
  refused({});
  refused({{Role::assistant, "G"}});
  refused({{Role::user, "a"}, {Role::user, "b"}});
  refused({{Role::user, "a"}, {Role::system, "b"}});
  refused({{Role::system, "b"}});
  refused({{Role::user, "a"}, {Role::assistant, "b"}, {Role::assistant, "c"}});
}

TEST(PromptTemplate, SaysWhetherATokenEndsAnAnswer) {
  EXPECT_TRUE(PromptTemplate("plain", kBytes).has_end());
  EXPECT_TRUE(PromptTemplate("llama3", kChat).has_end());
  EXPECT_FALSE(PromptTemplate("{music}{question}{answer}", kBytes).has_end());
  EXPECT_FALSE(PromptTemplate("{bos}{music}{question}{answer}\n", kBytes).has_end()) << "text does not end generation";
}

}  // namespace
}  // namespace midillama::text
