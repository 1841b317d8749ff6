#include "midillama/corpus/abc_converter.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/process.h"
#include "midillama/midi/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <string_view>

namespace midillama::corpus {
namespace {

// A tune takes it milliseconds and a few megabytes; "Z20000000|" takes all that there is.
const ProcessOptions kLimits{.cpu_seconds = 20, .memory = std::uint64_t{1} << 29};

constexpr int kFirstBeatVelocity = 105;  // abc2midi's default for the first note of a bar (%%MIDI beat)

bool is_harmless(std::string_view message) {
  static constexpr std::array<std::string_view, 8> kHarmless = {"Could not find note to be tied",
                                                                "Cannot find note before tie",
                                                                "found [",
                                                                "found |:",
                                                                "found another |:",
                                                                "Missing :|",
                                                                "Part not defined",
                                                                "Expected end repeat"};
  return std::any_of(kHarmless.begin(), kHarmless.end(), [&](auto text) { return message.find(text) != std::string_view::npos; });
}

std::set<midi::Tick> accented_starts(const midi::Score& score) {
  std::set<midi::Tick> starts;
  for (const auto& instrument : score.instruments) {
    for (const auto& note : instrument.notes) {
      if (note.velocity == kFirstBeatVelocity) starts.insert(note.start);
    }
  }
  return starts;
}

// Ticks of a bar under the meter in force at `time`.
std::int64_t bar_length(const midi::Score& score, midi::Tick time) {
  midi::TimeSignature meter;
  for (const auto& change : score.time_signatures) {
    if (change.time <= time) meter = change;
  }
  return std::int64_t{4} * score.ticks_per_quarter * meter.numerator / meter.denominator;
}

[[noreturn]] void cannot_write(const std::filesystem::path& path) {
  throw ConverterError(path.string() + ": cannot be written: is the disk full?");
}

void write_scratch(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  if (!(file << text << std::flush)) cannot_write(path);
}

ProcessResult run_abc2midi(const std::filesystem::path& abc, const std::filesystem::path& mid) {
  try {
    return run_process({"abc2midi", abc.string(), "-NGRA", "-o", mid.string()}, kLimits);
  } catch (const Error& error) {
    throw ConverterError(error.what());
  }
}

// abc2midi does not notice that it cannot write; the chunks then promise more than there is.
bool is_cut_short(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kChunkHeader = 8;
  std::size_t end = 0;
  while (end + kChunkHeader <= bytes.size()) {
    std::size_t length = 0;
    for (const std::uint8_t byte : bytes.subspan(end + kChunkHeader / 2, 4)) length = length << 8 | byte;
    end += kChunkHeader + length;
  }
  return end != bytes.size() || bytes.empty();
}

}  // namespace

std::vector<std::string> note_errors(std::string_view output) {
  constexpr std::string_view kError = "Error in line-char ";
  std::vector<std::string> errors;
  for (auto at = output.find(kError); at != std::string_view::npos; at = output.find(kError, at + 1)) {
    const auto line = output.substr(at, output.find('\n', at) - at);
    const auto colon = line.find(" : ");
    const auto message = colon == std::string_view::npos ? line : line.substr(colon + 3);
    if (!is_harmless(message)) errors.emplace_back(message);
  }
  return errors;
}

std::vector<midi::Tick> bar_lines_by_accent(const midi::Score& score) {
  std::vector<midi::Tick> lines;
  auto accents = accented_starts(score);
  if (accents.empty()) return lines;
  accents.insert(score.end());
  for (auto next = std::next(accents.begin()); next != accents.end(); ++next) {
    const auto from = *std::prev(next);
    const auto bar = bar_length(score, from);
    const auto distance = (*next - from).value;
    // The last note may be written shorter than its bar.
    const bool last = std::next(next) == accents.end();
    if (bar == 0 || (distance % bar != 0 && !last)) continue;
    for (auto line = from; line < *next; line.value += bar) lines.push_back(line);
  }
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

std::string abc2midi_version() {
  const auto output = run_process({"abc2midi", "-ver"}).output;
  return output.substr(0, output.find_first_of("\r\n"));
}

ConvertedTune convert_tune(const AbcTune& tune, const std::filesystem::path& scratch, const std::string& name) {
  const auto abc = scratch / (name + ".abc");
  const auto mid = scratch / (name + ".mid");
  const auto melody = bare_melody(tune);
  write_scratch(abc, melody);
  const auto result = run_abc2midi(abc, mid);
  const std::string said = result.output + result.error_output;
  const auto errors = note_errors(said);
  if (!errors.empty()) throw Error("abc2midi: " + errors.front());
  // Half a megabyte is the most that it writes; that file is cut short, too.
  if (said.find("file runaway") != std::string::npos) throw Error("abc2midi: the tune is too long, or its parts repeat too often");
  if (said.find("Out of memory") != std::string::npos || result.status == 128 + SIGXCPU)
    throw Error(fmt::format("abc2midi: the tune takes more than {} seconds or {} MiB", kLimits.cpu_seconds, kLimits.memory >> 20));
  if (result.status >= 128 || !std::filesystem::exists(mid)) {
    throw Error("abc2midi ended with status " + std::to_string(result.status) + " and wrote no MIDI file");
  }
  const auto bytes = read_bytes(mid);
  if (is_cut_short(bytes)) cannot_write(mid);
  ConvertedTune converted{midi::parse_midi(bytes, "the MIDI file of abc2midi"), {}};
  converted.bar_lines = bar_lines_by_accent(converted.score);
  std::filesystem::remove(abc);
  std::filesystem::remove(mid);
  return converted;
}

}  // namespace midillama::corpus
