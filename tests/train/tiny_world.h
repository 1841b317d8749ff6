// A dataset, an encoder and a decoder small enough to train in a second, made anew in a temporary folder.
#pragma once

#include "midillama/config/config.h"
#include "midillama/core/file.h"
#include "midillama/core/random.h"
#include "midillama/midi/file.h"
#include "midillama/model/llama.h"
#include "midillama/model/musicbert.h"
#include "midillama/runs/metrics.h"
#include "midillama/text/tokenizer.h"
#include "midillama/train/trainer.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace midillama::train {

using runs::read_metrics;

class TinyWorld {
 public:
  TinyWorld() {
    write_split("train", 10);
    write_split("valid", 3);
    write_pieces(16);
    config.run.dir = path("run");
    config.run.threads = 1;
    config.run.device = "cpu";
    config.data.dir = path("data");
    config.music_encoder.path = path("encoder");
    config.llm.path = path("llm");
    config.llm.dtype = "float32";
    config.prompt.max_length = 96;
    config.lora.rank = 4;
    config.lora.dropout = 0.1;
    config.music_encoder.pretrain = {
        .hidden_size = 32, .num_hidden_layers = 2, .num_attention_heads = 4, .intermediate_size = 64, .max_position_embeddings = 66};
    config.llm.pretrain = {.hidden_size = 32,
                           .num_hidden_layers = 2,
                           .num_attention_heads = 4,
                           .num_key_value_heads = 2,
                           .intermediate_size = 64,
                           .max_position_embeddings = 128,
                           .vocab_size = 320,
                           .sequence_length = 48};
    config.melody.pieces.train = {path("pieces")};
    config.melody.pieces.valid_fraction = 0.25;
    config.melody.phrase_bars = 1;
    config.melody.candidates = 5;
    config.melody.hidden_size = 32;
    config.melody.num_hidden_layers = 2;
    config.classify.pieces.train = {path("pieces")};
    config.classify.pieces.valid_fraction = 0.25;
    config.classify.piano_roll = {.steps_per_quarter = 2, .quarters = 6, .lowest_pitch = 40, .pitches = 48};
    config.classify.channels = {4, 6};
    config.classify.dropout = 0.1;
    for (const auto& stage : config::stage_names()) config.stages[stage] = settings();
    write_encoder();
    write_llm();
  }

  std::string path(const std::string& name) const { return directory_.path() / name; }
  config::Train& stage(const std::string& name) { return config.stages.at(name); }

  std::filesystem::path train(const std::string& stage, bool resume = false) const {
    return midillama::train::train(config, {.stage = stage, .resume = resume});
  }

  // The same files in a folder of their own, as pieces and works of other names.
  void copy_pieces(const std::string& folder) const {
    std::filesystem::copy(path("pieces"), path(folder), std::filesystem::copy_options::recursive);
    std::string lines;
    for_each_json_line(path("pieces/pieces.jsonl"), [&](const Json& line, std::size_t) {
      Json other = line;
      other["piece"] = "other " + line.at("piece").get<std::string>();
      other["work"] = "";
      lines += other.dump() + "\n";
    });
    write_atomically(path(folder + "/pieces.jsonl"), lines);
  }

  config::Config config;

 private:
  static config::Train settings() {
    config::Train train;
    train.batch_size = 4;
    train.micro_batch_size = 2;
    train.max_steps = 6;
    train.learning_rate = 1e-2;
    train.warmup_ratio = 0.3;
    train.checkpoint_every = 2;
    train.validate_examples = 4;
    return train;
  }

  void write_split(const std::string& split, int clips) {
    std::filesystem::create_directories(path("data/clips"));
    std::ofstream file(path("data/" + split + ".jsonl"));
    for (int i = 0; i < clips; ++i) {
      const std::string clip = fmt::format("clips/{}{}.mid", split, i);
      const bool high = i % 2 == 0;
      write_clip(path("data/" + clip), static_cast<std::uint64_t>(i) + split.size() * 100, high ? 72 : 48);
      const auto question = [&](const char* task, const char* tag, const std::string& text, const std::string& answer) {
        const OrderedJson row = {{"id", fmt::format("{}-{}-{}", split, i, tag)},
                                 {"piece", fmt::format("{}{}", split, i)},
                                 {"clip", clip},
                                 {"start", 0.0},
                                 {"end", 4.0},
                                 {"task", task},
                                 {"tag", tag},
                                 {"question", text},
                                 {"answer", answer},
                                 {"facts", {{tag, answer}}}};
        file << row.dump() << "\n";
      };
      question("qa", "register", "Is the tune high or low?", high ? "It lies high." : "It lies low, in the bass.");
      question("caption", "caption", "Describe the clip.", fmt::format("A short {} tune, number {}.", high ? "high" : "low", i));
    }
  }

  // High and low tunes by turns.
  void write_pieces(int count) {
    std::filesystem::create_directories(path("pieces"));
    std::ofstream file(path("pieces/pieces.jsonl"));
    for (int i = 0; i < count; ++i) {
      const std::string name = fmt::format("piece{}", i);
      const bool high = i % 2 == 0;
      write_clip(path("pieces/" + name + ".mid"), static_cast<std::uint64_t>(i) + 1000, high ? 72 : 48);
      const OrderedJson row = {{"piece", name},
                               {"file", name + ".mid"},
                               {"title", ""},
                               {"composer", ""},
                               {"work", name},
                               {"source", "test"},
                               {"labels", {{"genre", high ? "high" : "low"}}}};
      file << row.dump() << "\n";
    }
  }

  static void write_clip(const std::filesystem::path& file, std::uint64_t seed, int pitch) {
    Random random(seed);
    midi::Score score;
    midi::Instrument instrument;
    for (std::int64_t i = 0; i < 12 + static_cast<std::int64_t>(random.below(12)); ++i) {
      const midi::Tick start{i * 240};
      instrument.notes.push_back(
          {start, start + midi::Tick{200}, static_cast<std::uint8_t>(pitch + static_cast<int>(random.below(12))), 80});
    }
    score.instruments.push_back(instrument);
    midi::write_midi(score, file);
  }

  // High and low tunes by turns.

  void write_encoder() const {
    model::MusicBertConfig shape;
    shape.hidden_size = 32;
    shape.num_hidden_layers = 2;
    shape.num_attention_heads = 4;
    shape.intermediate_size = 64;
    shape.max_position_embeddings = 68;
    model::MusicBert encoder(shape);
    model::initialize_weights(encoder, 1);
    std::filesystem::create_directories(path("encoder"));
    model::save_musicbert(encoder, path("encoder"));
  }

  void write_llm() const {
    std::filesystem::create_directories(path("llm"));
    text::train_sentencepiece(
        std::vector<std::string>{"Question: Is the tune high or low?\nAnswer:\n", "It lies high.", "It lies low, in the bass.",
                                 "Question: Describe the clip.\nAnswer:\n", "A short high tune, number 1.", "A short low tune, number 2."},
        320, path("llm/tokenizer.model"));
    const auto tokenizer = text::load_tokenizer(path("llm"));
    model::LlamaConfig shape;
    shape.vocab_size = tokenizer->vocab_size();
    shape.hidden_size = 32;
    shape.intermediate_size = 64;
    shape.num_hidden_layers = 2;
    shape.num_attention_heads = 4;
    shape.num_key_value_heads = 2;
    shape.head_dim = 8;
    shape.max_position_embeddings = 128;
    shape.bos_token_id = tokenizer->bos_id();
    shape.eos_token_ids = {*tokenizer->eos_id()};
    model::Llama llama(shape);
    model::initialize_weights(llama, 2);
    model::save_llama(llama, path("llm"));
  }

  TemporaryDirectory directory_;
};

// The training losses of a stage directory, in order of steps; the validation rows are left out.
inline std::vector<double> losses_of(const std::filesystem::path& stage_dir) {
  std::vector<double> losses;
  for (const Json& row : read_metrics(stage_dir / "metrics.jsonl")) {
    if (!row.contains("split")) losses.push_back(row.at("loss").get<double>());
  }
  return losses;
}

}  // namespace midillama::train
