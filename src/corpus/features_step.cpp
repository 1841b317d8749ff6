#include "corpus/features_step.h"

#include "corpus/catalog_pieces.h"
#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/steps.h"
#include "midillama/midi/file.h"
#include "midillama/music/beats.h"
#include "midillama/music/features.h"
#include "midillama/music/key.h"
#include "midillama/music/texture.h"

#include <fmt/format.h>

#include <cmath>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStated = "stated";
constexpr const char* kEstimated = "estimated";
constexpr const char* kConstant = "constant";  // 120 beats a minute in 4/4 throughout, as transcribers write
constexpr const char* kFrames = "frames";      // timed without beats

// To four digits: a file has 90 beats a minute as 666,667 microseconds each, which is 89.99996.
double rounded(double value) {
  return std::round(value * 1e4) / 1e4;
}

OrderedJson number(std::optional<double> value) {
  return value ? OrderedJson(rounded(*value)) : OrderedJson();
}

OrderedJson key_json(const midi::Score& score, music::KeyProfile profile) {
  const auto estimate = music::estimate_key(score, profile);
  if (!estimate) return nullptr;
  return {{"value", music::name(estimate->key)}, {"correlation", rounded(estimate->correlation)}};
}

OrderedJson meter_json(const midi::Score& score) {
  if (!music::states_meter(score)) return {{"from", nullptr}, {"value", nullptr}};
  const auto meter = music::stated_meter(score);
  return {{"from", kStated}, {"value", meter ? OrderedJson(fmt::format("{}/{}", meter->numerator, meter->denominator)) : OrderedJson()}};
}

// In beats a minute, and in the quarter notes a minute that the file has.
OrderedJson tempo_json(const midi::Score& score, bool estimate_beats) {
  const auto json = [](const OrderedJson& from, std::optional<double> beats, std::optional<double> quarters) -> OrderedJson {
    return {{"from", from}, {"value", number(beats)}, {"quarters_per_minute", number(quarters)}};
  };
  if (music::states_tempo(score)) {
    const auto quarters = music::stated_tempo(score);
    return json(kStated, quarters ? music::beats_throughout(score) : std::nullopt, quarters);
  }
  const auto beats = estimate_beats ? music::beats_per_minute(music::estimate_beats(music::onsets_of(score))) : std::nullopt;
  return json(beats ? OrderedJson(kEstimated) : OrderedJson(), beats, std::nullopt);
}

OrderedJson features_of(const std::string& piece, const midi::Performance& performance, bool estimate_beats) {
  const midi::Score& score = performance.score;
  const OrderedJson tempo = tempo_json(score, estimate_beats);
  const char* timing = music::states_timing(score) ? kStated : tempo["from"] == kEstimated ? kEstimated : score.smpte ? kFrames : kConstant;
  const auto pitches = music::pitch_register(score);
  const auto dynamics = music::dynamics(score);
  OrderedJson line = {{"piece", piece},
                      {"seconds", rounded(score.to_seconds(score.end()).value)},
                      {"notes", score.note_count()},
                      {"key", key_json(score, music::KeyProfile::aarden_essen)},
                      {"key_krumhansl_kessler", key_json(score, music::KeyProfile::krumhansl_kessler)},
                      {"timing", timing},
                      {"meter", meter_json(score)},
                      {"tempo", tempo},
                      {"register", nullptr},
                      {"polyphony", number(music::polyphony(score))},
                      {"notes_per_second", rounded(music::notes_per_second(score))},
                      {"dynamics", nullptr},
                      {"articulation", number(music::articulation(score))},
                      {"pedal", number(music::pedal_share(performance))}};
  if (pitches) {
    line["register"] = {{"mean", number(music::mean_pitch(score))},
                        {"mean_of_notes", rounded(pitches->mean)},
                        {"lowest", pitches->lowest},
                        {"highest", pitches->highest}};
  }
  if (dynamics) line["dynamics"] = {{"mean", rounded(dynamics->mean)}, {"deviation", rounded(dynamics->deviation)}};
  return line;
}

records::MadeOf made_of(const config::Corpus& config, const fs::path& directory) {
  return made_of_pieces(config, directory, records::kFeaturesStep, {{"estimate_beats", config.estimate_beats}});
}

struct Measured {
  OrderedJson line = nullptr;
  std::string problem = {};  // why there is no line
  std::string warning = {};  // the first
};

Measured measure(const config::Corpus& config, const works::CatalogPiece& piece) {
  Measured measured;
  const auto warn = [&](const std::string& what) {
    if (measured.warning.empty()) measured.warning = what;
  };
  try {
    const auto performance = midi::parse_performance(midi_bytes(config, piece), piece.file, warn);
    measured.line = features_of(piece.id, performance, config.estimate_beats);
  } catch (const std::exception& error) {
    measured.problem = skipped(piece.file, error).reason;
  }
  return measured;
}

}  // namespace

records::StepState features_state(const config::Corpus& config, const fs::path& directory) {
  require_steps(config);
  return records::state_of(directory, records::kFeaturesStep, made_of(config, directory));
}

void measure_features(const config::Corpus& config, const fs::path& directory) {
  require_steps(config);
  require_collection(config);
  const auto pieces = catalog_pieces(directory);
  const WriterLock lock(directory);
  const auto of = made_of(config, directory);
  std::vector<Measured> measured(pieces.size());
  parallel_for("measuring pieces", pieces.size(), [&](std::size_t i) { measured[i] = measure(config, pieces[i]); });
  records::StepFile file(directory, records::kFeaturesStep);
  OrderedJson timing = OrderedJson::object(), unreadable = OrderedJson::array(), warnings = OrderedJson::array();
  for (const char* name : {kStated, kConstant, kEstimated, kFrames}) timing[name] = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (measured[i].line.is_null()) {
      unreadable.push_back({{"place", pieces[i].file}, {"reason", measured[i].problem}});
      continue;
    }
    if (!measured[i].warning.empty()) warnings.push_back({{"place", pieces[i].file}, {"reason", measured[i].warning}});
    file.write(json_line(measured[i].line));
    OrderedJson& count = timing[measured[i].line["timing"].get<std::string>()];
    count = count.get<std::size_t>() + 1;
  }
  file.commit(of, {{"pieces", pieces.size() - unreadable.size()}, {"timing", timing}, {"unreadable", unreadable}, {"warnings", warnings}});
}

PieceFeatures features_of_line(const Json& row, const std::string& file, const std::string& place) {
  PieceFeatures features;
  features.seconds = json_get<double>(row, "seconds", file, place);
  for (const char* measure : {"seconds", "notes", "polyphony", "notes_per_second", "articulation", "pedal"}) {
    const Json value = row.value(measure, Json());
    if (!value.is_null() && !(value.is_number() && value >= 0))
      throw InputError(file, place, fmt::format("the key \"{}\" is {}: a number that is not negative is expected", measure, value.dump()));
  }
  const auto part = [&](const char* key) {
    const auto value = json_get<Json>(row, key, file, place);
    if (!value.is_null() && !value.is_object())
      throw InputError(file, place, fmt::format("the key \"{}\" is {}: an object or null is expected", key, value.dump()));
    return value;
  };
  const Json key = part("key"), meter = part("meter"), tempo = part("tempo");
  if (key.is_object()) features.key = json_get<std::string>(key, "value", file, place + ", key");
  const auto is_stated = [](const Json& value) { return value.is_object() && value.value("from", Json()) == kStated; };
  features.states_meter = is_stated(meter);
  features.states_tempo = is_stated(tempo);
  if (features.states_meter && meter.value("value", Json()).is_string()) features.meter = meter["value"];
  if (features.states_tempo && tempo.value("value", Json()).is_number()) features.beats_per_minute = tempo["value"];
  return features;
}

std::map<std::string, PieceFeatures> read_features(const fs::path& folder) {
  const fs::path file = folder / records::kFeaturesStep.file;
  if (!fs::exists(file)) throw InputError(file.string(), "", "is not there: `midillama data features` makes it");
  std::map<std::string, PieceFeatures> all;
  for_each_json_line(file, [&](const Json& row, std::size_t line) {
    const auto place = fmt::format("line {}", line);
    all[json_get<std::string>(row, "piece", file.string(), place)] = features_of_line(row, file.string(), place);
  });
  return all;
}

std::string features_text(const fs::path& directory) {
  const OrderedJson record = records::record_of(directory, records::kFeaturesStep);
  if (!record.contains("timing")) return "";
  std::string text = fmt::format("{:<28}{:>10}\n", "pieces", record.at("pieces").get<std::size_t>());
  for (const auto& [name, count] : record.at("timing").items())
    text += fmt::format("{:<28}{:>10}\n", "  timing " + name, count.get<std::size_t>());
  for (const auto& [name, list] : {std::pair("not readable", "unreadable"), std::pair("read with a warning", "warnings")}) {
    if (const auto& rows = record.at(list); !rows.empty()) text += fmt::format("{:<28}{:>10}\n", name, rows.size());
  }
  return text;
}

}  // namespace midillama::corpus
