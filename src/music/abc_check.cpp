#include "midillama/music/abc_check.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/process.h"
#include "midillama/midi/file.h"
#include "midillama/music/quantize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <vector>

namespace midillama::music {
namespace {

// abc2midi gives each voice a channel of its own, and there are fifteen beside that of the drums.
constexpr std::size_t kVoicesAtOnce = 15;
constexpr int kDrums = 128;

// Program or kDrums, pitch, start and end.
using ReadNote = std::tuple<int, int, std::int64_t, std::int64_t>;

std::vector<ReadNote> notes_of(const GridClip& clip) {
  std::vector<ReadNote> notes;
  for (const auto& instrument : clip.instruments) {
    for (const GridNote& note : instrument.notes)
      notes.emplace_back(instrument.is_drum ? kDrums : instrument.program, note.pitch, note.start, note.end);
  }
  return notes;
}

// abc2midi begins a note one tick after its time.
std::vector<ReadNote> notes_of(const midi::Score& score, int parts) {
  const auto place = [&](std::int64_t tick) { return std::llround(static_cast<double>(tick * parts) / score.ticks_per_quarter); };
  std::vector<ReadNote> notes;
  for (const auto& instrument : score.instruments) {
    for (const midi::Note& note : instrument.notes) {
      notes.emplace_back(instrument.is_drum ? kDrums : instrument.program, note.pitch, place(note.start.value - 1), place(note.end.value));
    }
  }
  return notes;
}

midi::Score read_by_abc2midi(const std::string& abc, const TemporaryDirectory& folder) {
  const auto text = folder.path() / "clip.abc", file = folder.path() / "clip.mid";
  write_atomically(text, abc);
  const auto result = run_process({"abc2midi", text.string(), "-o", file.string()});
  if (!std::filesystem::exists(file)) throw Error(fmt::format("abc2midi ended with status {} and wrote no MIDI file", result.status));
  midi::Score score = midi::read_midi(file);
  std::filesystem::remove(file);
  return score;
}

std::int64_t count_missing(const std::vector<ReadNote>& of, const std::vector<ReadNote>& from) {
  std::vector<ReadNote> missing;
  std::ranges::set_difference(of, from, std::back_inserter(missing));
  return std::ssize(missing);
}

}  // namespace

AbcCheck check_abc(const midi::Score& clip, const WritingOptions& options) {
  const TemporaryDirectory folder;
  const Notation notation = abc(clip, options);
  auto written = notes_of(quantize(clip, options.grid));
  std::vector<ReadNote> read;
  for (std::size_t begin = 0; begin < notation.voices.size(); begin += kVoicesAtOnce) {
    Notation part = notation;
    part.head += "%%MIDI chordattack 0\n";  // else it begins the notes of a chord one after the other
    part.voices.erase(part.voices.begin(), part.voices.begin() + static_cast<std::ptrdiff_t>(begin));
    part.voices.resize(std::min(part.voices.size(), kVoicesAtOnce));
    const auto notes = notes_of(read_by_abc2midi(part.text() + "\n", folder), options.grid);
    read.insert(read.end(), notes.begin(), notes.end());
  }
  std::ranges::sort(written);
  std::ranges::sort(read);
  return {.notes = std::ssize(written), .missing = count_missing(written, read), .added = count_missing(read, written)};
}

}  // namespace midillama::music
