#include "midillama/melody/phrases.h"

#include "midillama/core/about_file.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/midi/file.h"
#include "midillama/music/roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace midillama::melody {
namespace {

// From the piece's beginning, in steps.
struct Sound {
  std::int64_t end = 0;
  std::int64_t pitch = 0;
};
using Line = std::map<std::int64_t, Sound>;  // by beginning

class Grid {
 public:
  Grid(const midi::Score& score, std::int64_t steps_per_quarter)
      : steps_per_tick_(static_cast<double>(steps_per_quarter) / score.ticks_per_quarter) {}

  std::int64_t step(midi::Tick tick) const { return std::llround(static_cast<double>(tick.value) * steps_per_tick_); }

 private:
  double steps_per_tick_;
};

const midi::Instrument* melody_of(const midi::Score& score) {
  const auto roles = music::guess_roles(score);
  const midi::Instrument* melody = nullptr;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const midi::Instrument& instrument = score.instruments[i];
    if (roles[i] == music::Role::melody && (melody == nullptr || instrument.notes.size() > melody->notes.size())) melody = &instrument;
  }
  return melody;
}

// One note at a time.
Line line_of(const midi::Instrument& instrument, const Grid& grid) {
  Line line;
  for (const midi::Note& note : instrument.notes) {
    const Sound sound{.end = grid.step(note.end), .pitch = note.pitch};
    const auto [place, is_new] = line.emplace(grid.step(note.start), sound);
    if (!is_new && sound.pitch > place->second.pitch) place->second = sound;
  }
  for (auto place = line.begin(); place != line.end(); ++place) {
    auto& [start, sound] = *place;
    sound.end = std::max(sound.end, start + 1);
    if (const auto next = std::next(place); next != line.end()) sound.end = std::min(sound.end, next->first);
  }
  return line;
}

// Steps at which bars start; the last one is the end.
std::vector<std::int64_t> bars_of(const midi::Score& score, const Grid& grid) {
  std::vector<std::int64_t> bars;
  for (const midi::Tick bar : midi::bar_starts(score)) bars.push_back(grid.step(bar));
  return bars;
}

// The bar that the first phrase begins with.
std::size_t first_bar(const std::vector<std::int64_t>& bars, std::int64_t first_note) {
  const auto after = std::ranges::upper_bound(bars, first_note);
  const auto bar = static_cast<std::size_t>(after - bars.begin()) - 1;
  if (bar + 2 >= bars.size()) return bar;
  const std::int64_t length = bars[bar + 1] - bars[bar], next_length = bars[bar + 2] - bars[bar + 1];
  const bool is_upbeat = length < next_length || 2 * (first_note - bars[bar]) >= length;
  return is_upbeat ? bar + 1 : bar;
}

midi::TimeSignature meter_at(const midi::Score& score, midi::Tick time) {
  midi::TimeSignature meter;
  for (const midi::TimeSignature& change : score.time_signatures) {
    if (change.time <= time) meter = change;
  }
  meter.time = {};
  return meter;
}

// The notes that begin in the bars from `first` on, up to the one that `end` begins with.
Notes notes_between(const Line& line, std::span<const std::int64_t> bars, std::size_t first, std::size_t end) {
  Notes notes;
  auto bar = first;
  for (auto place = line.lower_bound(bars[first]); place != line.end() && place->first < bars[end]; ++place) {
    while (place->first >= bars[bar + 1]) ++bar;
    const auto& [start, sound] = *place;
    notes.push_back({.bar = static_cast<std::int64_t>(bar - first),
                     .position = start - bars[bar],
                     .duration = sound.end - start,
                     .pitch = sound.pitch});
  }
  return notes;
}

std::vector<Phrase> phrases_of(const pieces::Piece& piece, const config::Melody& config) {
  auto phrases = about_file(piece.file, [&] { return cut_phrases(midi::read_midi(piece.file), config); });
  for (Phrase& phrase : phrases) {
    phrase.id = fmt::format("{}#{}", piece.id, phrase.number);
    phrase.work = piece.work;
  }
  return phrases;
}

// Adds a piece's phrases and pairs.
void add(std::vector<Phrase> of_piece, Phrases& phrases) {
  std::set<std::pair<Notes, Notes>> known;
  for (std::size_t i = 0; i < of_piece.size(); ++i) {
    Phrase& phrase = of_piece[i];
    const bool follows = i > 0 && phrase.number == phrases.all.back().number + 1;
    if (follows && phrase.notes != phrases.all.back().notes && known.emplace(phrases.all.back().notes, phrase.notes).second)
      phrases.pairs.push_back({.phrase = phrases.all.size() - 1, .next = phrases.all.size()});
    phrases.all.push_back(std::move(phrase));
  }
}

}  // namespace

std::vector<Phrase> cut_phrases(const midi::Score& score, const config::Melody& config) {
  std::vector<Phrase> phrases;
  const midi::Instrument* melody = melody_of(score);
  if (melody == nullptr || melody->notes.empty()) return phrases;
  const Grid grid(score, config.steps_per_quarter);
  const Line line = line_of(*melody, grid);
  const auto ticks = midi::bar_starts(score);
  const auto bars = bars_of(score, grid);
  const auto size = static_cast<std::size_t>(config.phrase_bars);
  std::int64_t number = 0;
  for (std::size_t bar = first_bar(bars, line.begin()->first); bar + size < bars.size(); bar += size) {
    Phrase phrase{.number = number++, .meter = meter_at(score, ticks[bar]), .notes = notes_between(line, bars, bar, bar + size)};
    if (static_cast<std::int64_t>(phrase.notes.size()) >= config.min_phrase_notes) phrases.push_back(std::move(phrase));
  }
  return phrases;
}

midi::Score to_score(const Phrase& phrase, const config::Melody& config) {
  constexpr std::uint8_t kVelocity = 80;
  const std::int64_t bar = 4 * config.steps_per_quarter * phrase.meter.numerator / phrase.meter.denominator;
  midi::Score score;
  score.ticks_per_quarter = static_cast<int>(config.steps_per_quarter);
  score.time_signatures = {phrase.meter};
  midi::Instrument& melody = score.instruments.emplace_back();
  for (const Note& note : phrase.notes) {
    const midi::Tick start{note.bar * bar + note.position};
    melody.notes.push_back({start, start + midi::Tick{note.duration}, static_cast<std::uint8_t>(note.pitch), kVelocity});
  }
  return score;
}

Phrases read_phrases(std::span<const pieces::Piece> pieces, const config::Melody& config, const std::string& what) {
  std::vector<std::vector<Phrase>> read(pieces.size());
  std::vector<std::string> problems(pieces.size());
  parallel_for("reading melodies", pieces.size(), [&](std::size_t i) {
    try {
      read[i] = phrases_of(pieces[i], config);
    } catch (const Error& error) {
      problems[i] = error.what();
    }
  });
  Phrases phrases;
  std::size_t unread = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (!problems[i].empty()) {
      log::warning("left out: {}", problems[i]);
      ++unread;
    }
    add(std::move(read[i]), phrases);
  }
  if (unread > 0) log::warning("{} of {} pieces to {} could not be read", unread, pieces.size(), what);
  if (phrases.pairs.empty())
    throw InputError("melody.pieces", "",
                     fmt::format("none of the {} pieces to {} has two phrases of {} bars that follow each other", pieces.size(), what,
                                 config.phrase_bars));
  return phrases;
}

}  // namespace midillama::melody
