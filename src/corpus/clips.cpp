#include "midillama/corpus/clips.h"

#include "midillama/octuple/octuple.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace midillama::corpus {
namespace {

constexpr double kRounding = 1e-6;     // seconds
constexpr double kSpreadChord = 0.05;  // seconds between two of its notes

struct Line {
  midi::Tick tick;
  double seconds;
};

// The bar lines with their times. A piece without any gets its beginning.
std::vector<Line> timed_lines(const Piece& piece, const midi::TempoMap& tempos) {
  std::vector<Line> lines;
  const auto end = piece.score.end();
  for (const auto tick : piece.bar_lines) {
    if (tick < end) lines.push_back({tick, tempos.to_seconds(tick).value});
  }
  if (lines.empty()) lines.push_back({midi::Tick{0}, 0.0});
  return lines;
}

// The first bar line at or after `seconds`.
std::size_t at_or_behind(const std::vector<Line>& lines, double seconds) {
  const auto at =
      std::lower_bound(lines.begin(), lines.end(), seconds - kRounding, [](const Line& line, double time) { return line.seconds < time; });
  return std::min(static_cast<std::size_t>(at - lines.begin()), lines.size() - 1);
}

std::vector<std::size_t> starting_lines(const std::vector<Line>& lines, double end, const config::Corpus& config) {
  const double length = end - lines.front().seconds;
  const auto fitting = static_cast<std::int64_t>(std::floor(length / config.clip_seconds + kRounding));
  const auto count = std::clamp<std::int64_t>(fitting, 1, config.clips_per_piece);
  std::vector<std::size_t> starts = {0};
  for (std::int64_t i = 1; i < count; ++i) {
    const double ideal = lines.front().seconds + static_cast<double>(i) * (length - config.clip_seconds) / static_cast<double>(count - 1);
    const auto line = at_or_behind(lines, ideal);
    if (line > starts.back()) starts.push_back(line);
  }
  return starts;
}

// The last bar line (or the end of the piece) that is at most a clip's length after `from`; a clip's length itself where no bar is that
// short.
midi::Tick clip_end(const std::vector<Line>& lines, std::size_t from, const Line& end, const midi::TempoMap& tempos, double clip_seconds) {
  const double limit = lines[from].seconds + clip_seconds;
  if (end.seconds <= limit + kRounding) return end.tick;
  auto last = from;
  while (last + 1 < lines.size() && lines[last + 1].seconds <= limit + kRounding) ++last;
  return last > from ? lines[last].tick : tempos.to_tick({limit});
}

std::optional<std::string> why_not_encoded(const midi::Score& score) {
  try {
    octuple::encode(score);
    return std::nullopt;
  } catch (const octuple::OctupleError& error) {
    return error.what();
  }
}

}  // namespace

std::vector<ClipSpan> choose_clips(const Piece& piece, const config::Corpus& config) {
  const midi::TempoMap tempos(piece.score);
  const auto lines = timed_lines(piece, tempos);
  const Line end{piece.score.end(), tempos.to_seconds(piece.score.end()).value};
  const auto starts = starting_lines(lines, end.seconds, config);
  std::vector<ClipSpan> spans;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto from = lines[starts[i]];
    auto to = clip_end(lines, starts[i], end, tempos, config.clip_seconds);
    if (i + 1 < starts.size()) to = std::min(to, lines[starts[i + 1]].tick);
    const ClipSpan span{from.tick, to, {from.seconds}, tempos.to_seconds(to)};
    const auto score = midi::clip(piece.score, span.from, span.to);
    const bool long_enough = span.end.value - span.start.value >= config.min_clip_seconds - kRounding &&
                             score.note_count() >= static_cast<std::size_t>(config.min_clip_notes);
    if (long_enough && !why_not_encoded(score)) spans.push_back(span);
  }
  return spans;
}

std::vector<midi::Tick> onset_lines(const midi::Score& score) {
  std::vector<midi::Tick> onsets;
  for (const auto& instrument : score.instruments) {
    for (const auto& note : instrument.notes) onsets.push_back(note.start);
  }
  std::ranges::sort(onsets);
  const midi::TempoMap tempos(score);
  std::vector<midi::Tick> lines;
  double last = 0;
  for (const auto onset : onsets) {
    const double seconds = tempos.to_seconds(onset).value;
    if (lines.empty() || seconds - last > kSpreadChord) lines.push_back(onset);
    last = seconds;
  }
  return lines;
}

std::string why_without_clips(const Piece& piece, const config::Corpus& config) {
  const double seconds = midi::TempoMap(piece.score).to_seconds(piece.score.end()).value;
  if (seconds < config.min_clip_seconds)
    return fmt::format("is {:.1f} s long, and a clip at least {:g} s", seconds, config.min_clip_seconds);
  if (piece.score.note_count() < static_cast<std::size_t>(config.min_clip_notes))
    return fmt::format("has {} notes, and a clip at least {}", piece.score.note_count(), config.min_clip_notes);
  if (const auto reason = why_not_encoded(piece.score)) return *reason;
  return "no part between two of its bar lines is long enough and fit for OctupleMIDI: do its bars fill its meter?";
}

}  // namespace midillama::corpus
