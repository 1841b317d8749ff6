#include "corpus/clip_labels.h"

#include "midillama/music/beats.h"
#include "midillama/music/features.h"
#include "midillama/music/key.h"
#include "midillama/music/texture.h"

#include <fmt/format.h>

#include <set>

namespace midillama::corpus {

Facts clip_labels(const midi::Score& clip, const Piece& piece, bool estimate_beats) {
  Facts labels;
  const auto set_number = [&](const char* name, std::optional<double> value) {
    if (value) labels[name] = fmt::format("{}", *value);
  };
  set_number("mean_pitch", music::mean_pitch(clip));
  set_number("notes_per_second", music::notes_per_second(clip));
  set_number("polyphony", music::polyphony(clip));
  if (const auto dynamics = music::dynamics(clip)) set_number("mean_velocity", dynamics->mean);
  set_number("articulation", music::articulation(clip));
  if (const auto key = music::estimate_key(clip)) {
    labels["aarden_key"] = music::name(key->key);
    const auto other = music::estimate_key(clip, music::KeyProfile::krumhansl_kessler);
    if (other) labels["krumhansl_key"] = music::name(other->key);
    if (other && other->key == key->key) labels["estimated_key"] = labels["aarden_key"];
  }
  if (const auto meter = piece.states_meter ? music::meter_throughout(clip) : std::nullopt)
    labels["meter"] = fmt::format("{}/{}", meter->numerator, meter->denominator);
  const auto tempo = piece.states_tempo ? music::beats_throughout(clip)
                     : estimate_beats   ? music::beats_per_minute(music::estimate_beats(music::onsets_of(clip)))
                                        : std::nullopt;
  set_number("beats_per_minute", tempo);
  if (tempo) labels["tempo_from"] = piece.states_tempo ? "stated" : "estimated";
  return labels;
}

bool is_measured_number(const std::string& label) {
  static const std::set<std::string> numbers = {"mean_pitch", "notes_per_second", "polyphony", "mean_velocity", "articulation"};
  return numbers.contains(label);
}

}  // namespace midillama::corpus
