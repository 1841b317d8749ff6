#include "score_builder.h"

#include <algorithm>

namespace midillama::midi {
namespace {

constexpr int kDrumChannel = 9;
constexpr std::size_t kMaxNameLength = 128;

// Events in file order, where the last one at or before a tick is in force at it, as an equivalent list with strictly increasing times.
// Those after the last possible note are dropped.
template <typename Change>
void put_in_order(std::vector<Change>& changes) {
  Tick earliest = kMaxTick + Tick{1};
  auto kept = changes.rbegin();
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->time >= earliest) continue;
    earliest = change->time;
    *kept++ = *change;
  }
  changes.erase(changes.begin(), kept.base());
}

// Changes of tempo to the tempo that is in force, which are left over where those between were dropped.
void drop_repeated(std::vector<TempoChange>& tempos) {
  const auto same = [](const TempoChange& a, const TempoChange& b) { return a.bpm == b.bpm; };
  tempos.erase(std::unique(tempos.begin(), tempos.end(), same), tempos.end());
  if (!tempos.empty() && tempos.front().time > Tick{0} && tempos.front().bpm == kDefaultBpm) tempos.erase(tempos.begin());
}

template <typename Event>
void sort_by_time(std::vector<Event>& events) {
  std::erase_if(events, [](const Event& event) { return event.time > kMaxTick; });
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.time < b.time; });
}

}  // namespace

void ScoreBuilder::begin_track() {
  notes_without_end_ += open_.count();
  open_.clear();
  track_name_.clear();
  programs_.fill(0);
  first_instrument_ = score_.instruments.size();
}

// A file can name a track once and have it play thousands of instruments, each of which keeps the name: hence the limit.
void ScoreBuilder::track_name(std::span<const std::uint8_t> text) {
  const auto kept = text.first(std::min(text.size(), kMaxNameLength));
  track_name_.assign(kept.begin(), kept.end());
}

Instrument& ScoreBuilder::instrument(int channel) {
  std::size_t& count = instrument_[static_cast<std::size_t>(channel * 128 + programs_[channel])];
  if (count <= first_instrument_) {
    score_.instruments.push_back({programs_[channel], channel == kDrumChannel, track_name_, {}});
    count = score_.instruments.size();
  }
  return score_.instruments[count - 1];
}

bool ScoreBuilder::note_off(int channel, int pitch, Tick time) {
  const auto started = open_.pop(channel, pitch);
  if (!started) return false;
  instrument(channel).notes.push_back({started->start, time, static_cast<std::uint8_t>(pitch), started->velocity});
  return true;
}

void ScoreBuilder::control_change(int channel, int controller, int value, Tick time) {
  constexpr int kSustain = 64, kDownFrom = 64;
  if (keeps_pedal_ && controller == kSustain) pedal_.push_back({time, channel, value >= kDownFrom});
}

// As the reference does: an event at tick 0 discards the ones of earlier tracks, and one that repeats the last tempo listed is passed over.
void ScoreBuilder::tempo(int microseconds_per_quarter, Tick time) {
  const double bpm = 60 * 1e6 / microseconds_per_quarter;
  auto& tempos = score_.tempos;
  if (time == Tick{0}) tempos.clear();
  const double last = tempos.empty() ? kDefaultBpm : tempos.back().bpm;
  if (time == Tick{0} || bpm != last) tempos.push_back({time, bpm});
}

Score ScoreBuilder::finish() {
  begin_track();  // ends the last one
  put_in_order(score_.tempos);
  drop_repeated(score_.tempos);
  sort_by_time(score_.time_signatures);
  put_in_order(score_.time_signatures);
  sort_by_time(score_.key_signatures);
  sort_by_time(score_.lyrics);
  sort_by_time(pedal_);
  return std::move(score_);
}

}  // namespace midillama::midi
