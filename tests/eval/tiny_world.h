// A dataset, a decoder, an encoder and a checkpoint in a temporary folder: everything that evaluation reads, with random weights.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/musicbert.h"
#include "midillama/text/tokenizer.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::eval {

struct TinyWorld {
  TinyWorld() {
    at::set_num_threads(1);  // more than one costs time on models of this size
    config.run.dir = path("runs");
    config.data.dir = path("data");
    config.llm.path = path("llama");
    config.llm.dtype = "float32";
    config.music_encoder.path = path("musicbert");
    config.generate.max_new_tokens = 6;
    config.generate.batch_size = 5;
    config.eval.bootstrap_samples = 50;
    write_data("train", 12);
    write_data("valid", 4);
    write_data("test", 6);
    write_models();
  }

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }

  // `pieces` tunes of one clip: even ones are reels in G major that run upwards, odd ones jigs in D minor that run downwards.
  void write_data(const std::string& split, int pieces) const {
    std::string lines;
    for (int i = 0; i < pieces; ++i) {
      const auto clip = fmt::format("clips/{}-{}.mid", split, i);
      write_clip(config.data.dir + "/" + clip, i);
      const bool reel = i % 2 == 0;
      const Json facts = {{"dance", reel ? "reel" : "jig"}, {"key", reel ? "G major" : "D minor"}};
      const auto line = [&](const std::string& task, const std::string& tag, const std::string& question, const std::string& answer) {
        lines += Json{{"id", fmt::format("{}-{}:{}", split, i, tag)},
                      {"piece", fmt::format("{}-{}", split, i)},
                      {"clip", clip},
                      {"start", 0},
                      {"end", 20},
                      {"task", task},
                      {"tag", tag},
                      {"question", question},
                      {"answer", answer},
                      {"facts", facts}}
                     .dump() +
                 "\n";
      };
      line("qa", "dance", "Which dance is it?", reel ? "It is a reel." : "It is a jig.");
      line("qa", "key", "Which key is it in?", reel ? "G major." : "D minor.");
      line("caption", "caption", "Describe the tune.", reel ? "A reel in G major." : "A jig in D minor.");
    }
    write_atomically(config.data.dir + "/" + split + ".jsonl", lines);
  }

  static void write_clip(const std::filesystem::path& file, int number) {
    midi::Score score;
    midi::Instrument piano;
    for (int note = 0; note < 16 + number; ++note) {
      const int step = number % 2 == 0 ? note : 40 - note;
      piano.notes.push_back(
          {{note * 240}, {note * 240 + 200}, static_cast<std::uint8_t>(40 + step), static_cast<std::uint8_t>(60 + number)});
    }
    score.instruments = {piano};
    std::filesystem::create_directories(file.parent_path());
    midi::write_midi(score, file);
  }

  void write_models() const {
    std::filesystem::create_directories(config.llm.path);
    std::filesystem::create_directories(config.music_encoder.path);
    const std::vector<std::string> texts = {"Question: Which dance is it?\nAnswer:\nIt is a reel in G major.", "A jig in D minor."};
    text::train_sentencepiece(texts, 300, path("llama/tokenizer.model"));
    model::LlamaConfig shape;
    shape.vocab_size = 300;
    shape.hidden_size = 16;
    shape.intermediate_size = 24;
    shape.num_hidden_layers = 1;
    shape.num_attention_heads = 2;
    shape.num_key_value_heads = 1;
    shape.head_dim = 8;
    shape.max_position_embeddings = 128;
    shape.eos_token_ids = {2};
    model::Llama llama(shape);
    model::initialize_weights(llama, 1);
    model::save_llama(llama, config.llm.path);

    model::MusicBertConfig music;
    music.hidden_size = 16;
    music.num_hidden_layers = 1;
    music.num_attention_heads = 2;
    music.intermediate_size = 16;
    music.max_position_embeddings = 200;
    model::MusicBert encoder(music);
    model::initialize_weights(encoder, 2);
    model::save_musicbert(encoder, config.music_encoder.path);

    write_checkpoint(1);
  }

  void write_checkpoint(std::uint64_t seed) const {
    model::MidiLlama trained(model::load_llama(config.llm.path, torch::kCPU, torch::kFloat32), 16, seed);
    model::save_trained(trained, path("checkpoint"), config.llm.path);
  }

  TemporaryDirectory folder;
  config::Config config;
};

}  // namespace midillama::eval
