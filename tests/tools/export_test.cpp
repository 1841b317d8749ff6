#include "midillama/tools/export.h"

#include "midillama/config/config.h"
#include "midillama/config/flatten.h"
#include "midillama/core/file.h"
#include "midillama/generate/session.h"
#include "midillama/model/musicbert.h"
#include "midillama/runs/trainer_state.h"
#include "midillama/text/tokenizer.h"
#include "support/binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::tools {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Encoder, decoder and a checkpoint with an adapter whose B is not zero.
class Export : public testing::Test {
 protected:
  Export() : config_(config::parse("{}", "test")) {
    config_.music_encoder.path = path("musicbert");
    config_.llm.path = path("llama");
    config_.llm.dtype = "float32";
    const std::vector<std::string> texts = {"Question: Which key is it in?\nAnswer:\nIt is in G major."};
    fs::create_directories(config_.llm.path);
    text::train_sentencepiece(texts, 300, path("llama/tokenizer.model"));
    model::LlamaConfig shape;
    shape.vocab_size = 300;
    shape.hidden_size = 16;
    shape.intermediate_size = 24;
    shape.num_hidden_layers = 1;
    shape.num_attention_heads = shape.num_key_value_heads = 2;
    shape.head_dim = 8;
    model::Llama llama(shape);
    model::initialize_weights(llama, 1);
    model::save_llama(llama, config_.llm.path);
    model::MusicBert encoder(model::MusicBertConfig{1237, 12, 1, 2, 16, 50, 1e-5, 0.0});
    model::initialize_weights(encoder, 2);
    model::save_musicbert(encoder, config_.music_encoder.path);
    write_checkpoint(12);
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  void write_checkpoint(std::int64_t music_size) {
    model::MidiLlama trained(model::load_llama(config_.llm.path, torch::kCPU, torch::kFloat32), music_size, 1);
    trained->add_lora(config_.lora, 1);
    const torch::NoGradGuard no_grad;
    for (const auto& parameter : trained->named_parameters()) {
      if (parameter.key().ends_with("lora_B.weight")) parameter.value().fill_(0.1);
    }
    model::save_trained(trained, path("checkpoint"), config_.llm.path);
    write_atomically(path("checkpoint/optimizer.safetensors"), "nobody else needs this");
  }

  std::string export_error() {
    try {
      export_checkpoint(config_, path("checkpoint"), path("out/"));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }

  TemporaryDirectory folder_;
  config::Config config_;
};

// Kind A5: the default configuration's values are not the run's.
TEST_F(Export, SaysHowTheRunWasTrained) {
  const fs::path run = path("run/sft"), checkpoint = run / "checkpoints/step-000004";
  fs::create_directories(run / "checkpoints");
  fs::copy(path("checkpoint"), checkpoint, fs::copy_options::recursive);
  auto recorded = config_;
  recorded.train.batch_size = 3;
  recorded.corpus.source = "midi";
  recorded.generate.temperature = 0.5;
  write_atomically(run / "config.yaml", config::dump(recorded));
  auto given = config_;  // nobody chose anything but this
  given.train.batch_size = 16;
  given.generate.temperature = 0.25;
  const Json values = config::flatten(given);
  for (const auto& [key, value] : values.items()) {
    if (key != "generate.temperature") given.assumed.insert(key);
  }
  fs::create_directory_symlink("checkpoints/step-000004", run / "last");
  for (const fs::path& from : {checkpoint, run / "last"}) {
    export_checkpoint(given, from, path("bundle"));
    recorded.generate.temperature = 0.25;
    EXPECT_EQ(config::dump(config::load(path("bundle/config.yaml"))), config::dump(recorded));
    export_checkpoint(given, path("bundle"), path("again"));
    EXPECT_EQ(read_text(path("again/config.yaml")), read_text(path("bundle/config.yaml")));
    fs::remove_all(path("bundle"));
    fs::remove_all(path("again"));
  }
}

TEST_F(Export, CanBeUsedAsACheckpoint) {
  ASSERT_EQ(export_error(), "no error");
  const generate::Session session(config_, path("checkpoint"), torch::kCPU), exported(config_, path("out"), torch::kCPU);
  for (const auto& parameter : session.model->named_parameters()) {
    EXPECT_TRUE(at::equal(exported.model->named_parameters()[parameter.key()], parameter.value())) << parameter.key();
  }
  EXPECT_EQ(config::dump(config::load(path("out/config.yaml"))), config::dump(config_));
  EXPECT_FALSE(fs::exists(path("out/optimizer.safetensors")));
}

TEST_F(Export, NumbersThatAreNotFiniteAreNeitherBundledNorUsed) {
  for (const char* file : {"projector.safetensors", "adapter/adapter_model.safetensors"}) {
    const std::string whole = read_binary(path("checkpoint/") + file);
    write_atomically(path("checkpoint/") + file, whole.substr(0, whole.size() - 4) + std::string("\0\0\x80\x7f", 4));  // infinity
    const auto names_it = AllOf(HasSubstr(file), HasSubstr("not finite"));
    EXPECT_THAT(export_error(), names_it);
    EXPECT_FALSE(fs::exists(path("out")));
    EXPECT_THAT(([&] { generate::Session(config_, path("checkpoint"), torch::kCPU); }), testing::ThrowsMessage<InputError>(names_it));
    write_atomically(path("checkpoint/") + file, whole);
  }
}

TEST_F(Export, TheCardSaysWhatItBelongsTo) {
  ASSERT_EQ(export_error(), "no error");
  const std::string card = read_text(path("out/README.md"));
  EXPECT_THAT(card,
              AllOf(HasSubstr("# out\n"), HasSubstr(config_.llm.path), HasSubstr(config_.music_encoder.path),
                    HasSubstr("PeftModel.from_pretrained(model, \"adapter\")"), HasSubstr("dtype=torch.float32"),
                    HasSubstr(R"(template = "{bos}{music}Question: {question}\nAnswer:\n{answer}{eos}")"), HasSubstr("one musical token")));
  EXPECT_THAT(card, HasSubstr("SentencePieceProcessor(model_file=llm"));
  // Other weights, another fingerprint; the same weights elsewhere, the same.
  const auto row = [](const std::string& text, const std::string& what) {
    const auto begin = text.find(what);
    return text.substr(begin, text.find('\n', begin) - begin);
  };
  fs::rename(path("out"), path("first"));
  fs::rename(path("llama"), path("elsewhere"));
  config_.llm.path = path("elsewhere");
  model::MusicBert encoder(model::MusicBertConfig{1237, 12, 1, 2, 16, 50, 1e-5, 0.0});
  model::initialize_weights(encoder, 3);
  model::save_musicbert(encoder, config_.music_encoder.path);
  ASSERT_EQ(export_error(), "no error");
  const std::string second = read_text(path("out/README.md"));
  EXPECT_NE(row(second, "| encoder"), row(card, "| encoder"));
  const auto fingerprint = [&](const std::string& text) {
    return row(text, "| language model").substr(row(text, "| language model").rfind('`') - 32);
  };
  EXPECT_EQ(fingerprint(second), fingerprint(card));
}

TEST_F(Export, ACardOfAttentionPoolingReadsAVectorANote) {
  config_.music_encoder.pooling = "none";
  config_.projector.kind = "attention";
  config_.projector.queries = 3;
  fs::remove_all(path("checkpoint"));
  fs::create_directories(path("checkpoint"));
  model::make_projector(config_.projector, 12, 16, 1)->save(path("checkpoint"));
  ASSERT_EQ(export_error(), "no error");
  EXPECT_THAT(read_text(path("out/README.md")),
              AllOf(HasSubstr("3 musical tokens"), HasSubstr("a vector a note"), HasSubstr("`queries` [3, E]"),
                    HasSubstr("[\"embeddings\"][None]"), HasSubstr("scaled_dot_product_attention")));
}

TEST_F(Export, AnAlignCheckpointHasNoAdapter) {
  fs::remove_all(path("checkpoint/adapter"));
  ASSERT_EQ(export_error(), "no error");
  EXPECT_FALSE(fs::exists(path("out/adapter")));
  EXPECT_THAT(read_text(path("out/README.md")), Not(HasSubstr("peft")));
}

TEST_F(Export, RefusesAnAdapterThatIsEmptyCutOrOfAnotherShape) {
  const fs::path weights = path("checkpoint/adapter/adapter_model.safetensors");
  const auto size = fs::file_size(weights);
  fs::resize_file(weights, size - 4);
  EXPECT_THAT(export_error(), HasSubstr("adapter_model.safetensors"));
  fs::resize_file(weights, 0);
  EXPECT_THAT(export_error(), HasSubstr("adapter_model.safetensors"));
  fs::remove(weights);
  EXPECT_THAT(export_error(), HasSubstr("adapter_model.safetensors"));
  fs::remove(path("checkpoint/adapter/adapter_config.json"));
  EXPECT_THAT(export_error(), HasSubstr("adapter_config.json"));
  config_.lora.rank = 3;
  write_checkpoint(12);
  Json adapter = read_json(path("checkpoint/adapter/adapter_config.json"));
  adapter["r"] = 4;
  write_atomically(path("checkpoint/adapter/adapter_config.json"), adapter.dump());
  EXPECT_THAT(export_error(), HasSubstr("wrong shape"));
  EXPECT_FALSE(fs::exists(path("out")));
}

// What an sft run wrote, without its adapter.
TEST_F(Export, RefusesACheckpointThatLostItsAdapter) {
  runs::TrainerState state;
  state.stage = "sft";
  state.essentials = runs::essentials(config_, {"lora."});
  state.write(path("checkpoint"));
  ASSERT_EQ(export_error(), "no error");
  EXPECT_TRUE(fs::exists(path("out/trainer_state.json"))) << "the bundle knows what it was trained with";
  fs::remove_all(path("out"));
  fs::remove_all(path("checkpoint/adapter"));
  EXPECT_THAT(export_error(), HasSubstr("checkpoint/adapter: is missing"));
}

TEST_F(Export, RefusesACheckpointOfAnotherEncoder) {
  write_checkpoint(13);
  EXPECT_THAT(export_error(),
              HasSubstr("projector.safetensors: weight: must be [16, 12] to lead from music_encoder.path to llm.path, is [16, 13]"));
  EXPECT_FALSE(fs::exists(path("out")));
}

}  // namespace
}  // namespace midillama::tools
