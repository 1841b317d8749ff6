// A folder of pieces: one instrument, eighth notes around a pitch, or as a test wants them.
#pragma once

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/midi/file.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace midillama::classes {

// `count` notes of half a quarter each, a note every `distance` ticks of 480 a quarter.
inline midi::Score tune(int pitch, int count = 16, std::int64_t distance = 240) {
  midi::Score score;
  midi::Instrument instrument;
  for (int i = 0; i < count; ++i) {
    const midi::Tick start{i * distance};
    instrument.notes.push_back({start, start + midi::Tick{240}, static_cast<std::uint8_t>(pitch + i % 3), 80});
  }
  score.instruments.push_back(instrument);
  return score;
}

class TinySet {
 public:
  explicit TinySet(std::filesystem::path folder) : folder_(std::move(folder)) { std::filesystem::create_directories(folder_); }

  // No two files are the same: the instrument has the piece's name.
  void add(const std::string& piece, const OrderedJson& labels, midi::Score score, const std::string& work = "") {
    const std::string file = piece + ".mid";
    score.instruments.front().name = piece;
    midi::write_midi(score, folder_ / file);
    lines_ += json_line({{"piece", piece},
                         {"file", file},
                         {"title", piece},
                         {"composer", ""},
                         {"work", work.empty() ? piece : work},
                         {"source", "test"},
                         {"labels", labels}});
    write_atomically(folder_ / "pieces.jsonl", lines_);
  }

  std::string path() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
  std::string lines_;
};

}  // namespace midillama::classes
