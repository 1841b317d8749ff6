// A small collection of piano performances with the files that steps before the clips leave, for tests.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/midi/file.h"
#include "midillama/works/files.h"
#include "tunes.h"

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama::corpus {

// The notes of a score as a transcriber writes a performance down: against a clock, 384 ticks a quarter note at 120 of them a minute, every
// note a little early or late.
inline midi::Score performed(const midi::Score& score, std::uint64_t seed) {
  Random random(seed);
  midi::Score result;
  result.ticks_per_quarter = 384;
  result.tempos = {{midi::Tick{0}, 120.0}};
  result.time_signatures = {{midi::Tick{0}, 4, 4}};
  for (const auto& instrument : score.instruments) {
    auto& played = result.instruments.emplace_back(instrument);
    for (auto& note : played.notes) {
      const auto place = static_cast<double>(note.start.value) / score.ticks_per_quarter;
      const auto start = static_cast<std::int64_t>(std::llround(place * 384 * 1.03 + random.uniform() * 14));
      note.start = {start};
      note.end = {start + 170 + static_cast<std::int64_t>(random.below(20))};
    }
  }
  return result;
}

class Collection {
 public:
  Collection() {
    config.source = "giantmidi";
    config.path = (root.path() / "midis").string();
    config.metadata = (root.path() / "catalog.csv").string();
    config.tag_file = "configs/giantmidi/tags.yaml";
    config.tags = {};
    config.clip_seconds = 10;
    config.clips_per_piece = 2;
    config.duplicate_similarity = 1;
    config.valid_fraction = config.test_fraction = 0.2;
    std::filesystem::create_directories(data());
  }

  std::filesystem::path data() const { return root.path() / "data"; }
  std::filesystem::path midis() const { return config.path; }

  // A file of `midis` and its line of pieces.jsonl.
  void add(const std::string& id, const std::string& work, const midi::Score& score, const Json& labels = Json::object()) {
    const auto bytes = midi::to_midi(score);
    add_file(id, {bytes.begin(), bytes.end()}, work, labels);
  }
  void add_file(const std::string& id, const std::string& midi, const std::string& work = "Work", const Json& labels = Json::object()) {
    write_atomically(midis() / (id + ".mid"), midi);
    pieces_.push_back({{"piece", id},
                       {"file", id + ".mid"},
                       {"title", work},
                       {"composer", "Ada Berg"},
                       {"work", "ada berg: " + work},
                       {"source", "giantmidi"},
                       {"labels", labels}});
    write_lines(works::kPiecesFile, pieces_);
  }

  // A line of annotations.jsonl. Fields are values with evidence; null where the evidence did not hold.
  void annotate(const std::string& work, const std::map<std::string, std::string>& supported,
                const std::map<std::string, std::string>& unsupported = {}) {
    OrderedJson fields = OrderedJson::object();
    for (const auto& [name, value] : supported)
      fields[name] = {{"value", value}, {"evidence", "It is " + value + ", they say."}, {"url", "http://wiki.example/" + name}};
    for (const auto& [name, value] : unsupported)
      fields[name] = {{"value", value}, {"evidence", "Everybody knows."}, {"url", nullptr}, {"problem", "is not in the text"}};
    fields["background"] = fields.contains("background") ? fields["background"] : OrderedJson("Not Enough Information");
    std::erase_if(annotations_, [&](const OrderedJson& line) { return line.at("work") == "ada berg: " + work; });
    annotations_.push_back({{"work", "ada berg: " + work}, {"status", "annotated"}, {"fields", fields}});
    write_lines(works::kAnnotationsFile, annotations_);
  }

  TemporaryDirectory root;
  config::Corpus config;

 private:
  void write_lines(const std::string& file, const std::vector<OrderedJson>& rows) {
    std::string lines;
    for (const auto& row : rows) lines += json_line(row);
    write_atomically(data() / file, lines);
  }

  std::vector<OrderedJson> pieces_;
  std::vector<OrderedJson> annotations_;
};

}  // namespace midillama::corpus
