// A small run with a dataset: one stage, and three systems that answered its questions.
#pragma once

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/midi/file.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::pages {

struct RunWorld {
  static constexpr int kClips = 6;
  static constexpr const char* kHostile = "</script><script>window.ran = true</script> & \"quoted\" 'it' \u2028 <!-- ]]> \\u003c";

  std::filesystem::path data() const { return folder.path() / "data"; }
  std::filesystem::path run() const { return folder.path() / "runs/small"; }

  static midi::Score tune(int number) {
    midi::Score score;
    score.instruments.push_back({});
    for (int i = 0; i < 8; ++i) {
      const auto pitch = static_cast<std::uint8_t>(60 + (number + 2 * i) % 12);
      score.instruments[0].notes.push_back({{240 * i}, {240 * (i + 1)}, pitch, 90});
    }
    return score;
  }

  // Of each clip its key and its meter: G major and 6/8.
  void write_dataset() const {
    std::string lines;
    for (int i = 0; i < kClips; ++i) {
      midi::write_midi(tune(i), data() / fmt::format("clips/{}.mid", i));
      for (const auto& [tag, answer] : {std::pair("key", "The key is G major."), std::pair("meter", "It is in 6/8 time.")}) {
        lines += json_line({{"id", fmt::format("{}.{}", i, tag)},
                            {"piece", fmt::format("piece-{}", i)},
                            {"clip", fmt::format("clips/{}.mid", i)},
                            {"task", "qa"},
                            {"tag", tag},
                            {"question", fmt::format("Which {}?", tag)},
                            {"answer", answer},
                            {"facts", {{"key", "G major"}, {"meter", "6/8"}}}});
      }
    }
    write_atomically(data() / "test.jsonl", lines);
  }

  // Of a system that says this of every key, and 6/8 of every meter.
  void write_answers(const std::string& row, const std::string& label, const std::string& key) const {
    std::string lines;
    for (int i = 0; i < kClips; ++i) {
      for (const auto& [tag, answer] : {std::pair(std::string("key"), key), std::pair(std::string("meter"), std::string("6/8."))}) {
        lines += json_line({{"id", fmt::format("{}.{}", i, tag)},
                            {"task", "qa"},
                            {"tag", tag},
                            {"question", fmt::format("Which {}?", tag)},
                            {"prediction", answer},
                            {"references", {"a reference"}}});
      }
    }
    const auto place = run() / "eval/qa" / row;
    write_atomically(place / "predictions.jsonl", lines);
    const OrderedJson accuracy = {{"key", {{"score", 0.5}, {"interval", {0.25, 0.75}}, {"correct", 3}, {"total", 6}}}};
    const OrderedJson metrics = {{"bleu", {{"score", 0.1234}, {"signature", "a signature"}}},
                                 {"meteor", {{"score", 0.5}, {"signature", "another"}, {"interval", {0.4, 0.6}}}}};
    const OrderedJson of_row = {{"name", row}, {"label", label}, {"metrics", metrics}, {"accuracy", accuracy}};
    const OrderedJson task = {{"task", "qa"}, {"examples", 2 * kClips}, {"rows", OrderedJson::array({of_row})}};
    const OrderedJson scores = {{"checkpoint", "c"}, {"fingerprint", "f"}, {"split", "test"}, {"tasks", OrderedJson::array({task})}};
    write_atomically(place / "scores.json", json_text(scores, 2));
  }

  void write_stage(const std::string& name = "sft") const {
    std::string rows;
    for (int step = 1; step <= 20; ++step)
      rows += json_line({{"step", step}, {"loss", 3.0 / step}, {"tokens", 100}, {"tokens_per_second", 50.0 + step}, {"seconds", 4.0}});
    rows += json_line({{"step", 20}, {"split", "valid"}, {"loss", 0.25}, {"examples", 4}, {"tokens", 50}, {"seconds", 0.5}});
    write_atomically(run() / name / "metrics.jsonl", rows);
    write_atomically(run() / name / "config.yaml", "data:\n  dir: data # <folk> & more\n");
  }

  void write_all() const {
    write_dataset();
    write_stage();
    write_answers("true", "music as it is", "G major.");
    write_answers("zero", "zero music", kHostile);
  }

  TemporaryDirectory folder;
};

}  // namespace midillama::pages
