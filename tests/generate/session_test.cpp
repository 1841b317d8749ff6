#include "midillama/generate/session.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/model/musicbert.h"

#include <torch/utils.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::generate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// A decoder, a tokenizer and an encoder's shape in a temporary folder.
struct SessionTest : testing::Test {
  void SetUp() override {
    config.llm.path = (folder.path() / "llama").string();
    config.llm.dtype = "float32";
    config.music_encoder.path = (folder.path() / "musicbert").string();
    std::filesystem::create_directories(config.llm.path);
    std::filesystem::create_directories(config.music_encoder.path);
    const std::vector<std::string> texts = {"Question: Which dance is this?\nAnswer:\nIt is a reel.",
                                            "The meter is 6/8, a jig in D major."};
    text::train_sentencepiece(texts, 300, folder.path() / "llama/tokenizer.model");
    write_llama(300);
    model::MusicBertConfig{.hidden_size = 16, .num_hidden_layers = 1, .num_attention_heads = 2, .intermediate_size = 16}.write(
        config.music_encoder.path);
  }

  void write_llama(std::int64_t vocab_size) {
    model::LlamaConfig shape;
    shape.vocab_size = vocab_size;
    shape.hidden_size = 16;
    shape.intermediate_size = 24;
    shape.num_hidden_layers = 1;
    shape.num_attention_heads = 2;
    shape.num_key_value_heads = 1;
    shape.head_dim = 8;
    shape.max_position_embeddings = 40;
    shape.eos_token_ids = {2, 77};
    model::Llama llama(shape);
    model::initialize_weights(llama, 1);
    model::save_llama(llama, config.llm.path);
  }

  TemporaryDirectory folder;
  config::Config config;
};

TEST_F(SessionTest, StopsAtTheIdsOfTemplateAndModel) {
  EXPECT_THAT(Session(config, "", torch::kCPU).sampling.stop_ids, ElementsAre(2, 77));
  config.generate.stop_token_ids = {5};
  EXPECT_THAT(Session(config, "", torch::kCPU).sampling.stop_ids, ElementsAre(5));
  config.generate.stop_token_ids = {5, 300};
  EXPECT_THAT([&] { Session(config, "", torch::kCPU); }, ThrowsMessage<ConfigError>(HasSubstr("there is no token 300")));
}

TEST_F(SessionTest, DecodesWithTheWeightsThatItIsAskedFor) {
  EXPECT_FALSE(Session(config, "", torch::kCPU).model->llama->decodes_in_int8());
  config.generate.weights = "int8";
  for (const char* dtype : {"float32", "bfloat16"}) {
    config.llm.dtype = dtype;
    Session session(config, "", torch::kCPU);
    EXPECT_TRUE(session.model->llama->decodes_in_int8());
    session.sampling.stop_ids = {};
    const auto prompt = session.encode("Which dance?", torch::zeros({1, 16}));
    EXPECT_FALSE(generate(session.model, std::vector{prompt}, session.sampling)[0].token_ids.empty()) << dtype;
  }
}

TEST_F(SessionTest, LoadsProjectorAndAdapterOfACheckpoint) {
  Session untrained(config, "", torch::kCPU);
  untrained.model->add_lora(config.lora, 3);
  const auto checkpoint = folder.path() / "checkpoint";
  {
    const torch::NoGradGuard no_grad;
    untrained.model->projector->named_parameters()["bias"].fill_(0.25);
  }
  model::save_trained(untrained.model, checkpoint, config.llm.path);
  const Session session(config, checkpoint, torch::kCPU);
  EXPECT_TRUE(session.model->projector->named_parameters()["bias"].eq(0.25).all().item<bool>());
  ASSERT_TRUE(session.model->lora.has_value());
  EXPECT_EQ(session.model->lora->rank, config.lora.rank);
  EXPECT_FALSE(session.model->is_training());
}

TEST_F(SessionTest, APromptCarriesItsMusic) {
  const Session session(config, "", torch::kCPU);
  const auto prompt = session.encode("Which dance?", torch::zeros({2, 16}));
  EXPECT_EQ(prompt.music_position, 1);
  EXPECT_EQ(prompt.music.size(0), 2);
  EXPECT_TRUE(prompt.labels.empty());
  EXPECT_EQ(session.encode("Which dance?", {}).input_ids, prompt.input_ids);
}

TEST_F(SessionTest, AnAnswerHasLabels) {
  const Session session(config, "", torch::kCPU);
  text::Conversation conversation = {.messages = {{text::Role::user, "Which?"}, {text::Role::assistant, "A reel."}}};
  const auto text = session.encode(conversation, torch::zeros({1, 16}));
  ASSERT_EQ(text.labels.size(), text.input_ids.size());
  EXPECT_EQ(text.labels.back(), text.input_ids.back());
  conversation.messages[1].text = std::string(60, 'r');
  EXPECT_THAT(
      [&] {
        session.encode(conversation, torch::zeros({1, 16}), Session::TooLong::is_refused);
      },
      ThrowsMessage<InputError>(HasSubstr("prompts may have 39")));
}

TEST_F(SessionTest, ALongQuestionLeavesRoomForAnAnswer) {
  const Session session(config, "", torch::kCPU);
  const auto prompt = session.encode(std::string(200, 'q'), torch::zeros({1, 16}));
  EXPECT_EQ(prompt.input_ids.size() + 1, 39U);
  auto sampling = session.sampling;
  sampling.stop_ids = {};
  auto model = session.model;
  EXPECT_EQ(generate(model, std::vector{prompt}, sampling)[0].token_ids.size(), 1U);
}

TEST_F(SessionTest, AnswersHaveNoWhiteSpaceAroundThem) {
  const Session session(config, "", torch::kCPU);
  EXPECT_EQ(session.decode(session.tokenizer->encode(" \n It is a reel. \n")), "It is a reel.");
  EXPECT_EQ(session.decode(session.tokenizer->encode(" \n ")), "");
}

TEST_F(SessionTest, ATokenizerLargerThanTheModelIsRefused) {
  write_llama(100);
  EXPECT_THAT([&] { Session(config, "", torch::kCPU); }, ThrowsMessage<InputError>(HasSubstr("vocab_size is 100")));
}

TEST_F(SessionTest, AConversationIsStreamedAsText) {
  const Session session(config, "", torch::kCPU);
  Queue queue(session.model, session.queue_options());
  std::string last;
  Completion whole;
  auto request = session.request({.messages = {{text::Role::user, "Which dance?"}}}, torch::zeros({1, 16}));
  request.sampling.stop_ids = {};
  request.on_token = [&](const NewToken& token) {
    EXPECT_TRUE(token.text.starts_with(last));
    last = token.text;
    return true;
  };
  request.on_end = [&](std::size_t, const Completion& completion) { whole = completion; };
  queue.add(std::move(request));
  queue.drain();
  EXPECT_FALSE(whole.token_ids.empty());
  EXPECT_TRUE(session.tokenizer->decode(whole.token_ids).starts_with(last));
}

TEST_F(SessionTest, HearsAClipAsItsTemplateAsks) {
  model::MusicBert encoder(model::MusicBertConfig::read(config.music_encoder.path));
  model::initialize_weights(encoder, 1);
  model::save_musicbert(encoder, config.music_encoder.path);
  midi::Score clip;
  clip.instruments = {{.name = {}, .notes = {{{0}, {480}, 62, 64}}}};
  const Heard music = Session(config, "", torch::kCPU).hear(clip);
  EXPECT_EQ(music.music.sizes(), at::IntArrayRef({1, 16}));
  EXPECT_EQ(music.notes, "");
  const HeardNotes notes = Session(config, "", torch::kCPU).hear_notes(clip);
  EXPECT_EQ(notes.spans.sizes(), at::IntArrayRef({1, 1}));
  EXPECT_TRUE(notes.vectors.equal(music.music));
  config.prompt.template_text = "{bos}{notes}\n{question}\n{answer}{eos}";
  Session session(config, "", torch::kCPU);
  const Heard text = session.hear(clip);
  EXPECT_FALSE(text.music.defined());
  EXPECT_EQ(text.notes, "X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nD|");
  EXPECT_THROW(session.hear({}), Error);
  EXPECT_FALSE(session.model->projector);
  EXPECT_THAT([&] { session.hear_notes(clip); }, ThrowsMessage<UsageError>(HasSubstr("prompt.template has no {music}")));
  EXPECT_GT(session.encode("Which?", text).input_ids.size(), session.encode("Which?", {}).input_ids.size());
}

}  // namespace
}  // namespace midillama::generate
