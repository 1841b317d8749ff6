#include "corpus/clip_labels.h"

#include "midillama/music/beats.h"
#include "midillama/music/features.h"
#include "midillama/music/key.h"

#include <fmt/format.h>

namespace midillama::corpus {

Facts clip_labels(const midi::Score& clip, const Piece& piece, bool estimate_beats) {
  Facts labels;
  const auto set_number = [&](const char* name, std::optional<double> value) {
    if (value) labels[name] = fmt::format("{}", *value);
  };
  set_number("mean_pitch", music::mean_pitch(clip));
  set_number("notes_per_second", music::notes_per_second(clip));
  if (const auto key = music::estimate_key(clip)) {
    labels["aarden_key"] = music::name(key->key);
    const auto other = music::estimate_key(clip, music::KeyProfile::krumhansl_kessler);
    if (other && other->key == key->key) labels["estimated_key"] = labels["aarden_key"];
  }
  if (const auto meter = piece.states_meter ? music::meter_throughout(clip) : std::nullopt)
    labels["meter"] = fmt::format("{}/{}", meter->numerator, meter->denominator);
  if (piece.states_tempo) {
    set_number("beats_per_minute", music::beats_throughout(clip));
  } else if (estimate_beats) {
    set_number("beats_per_minute", music::beats_per_minute(music::estimate_beats(music::onsets_of(clip))));
  }
  return labels;
}

bool is_measured_number(const std::string& label) {
  return label == "mean_pitch" || label == "notes_per_second";
}

}  // namespace midillama::corpus
