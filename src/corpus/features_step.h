// features.jsonl: what was measured on each whole piece.
#pragma once

#include "midillama/core/file.h"
#include "midillama/midi/score.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace midillama::corpus {

// What later steps take from a line.
struct PieceFeatures {
  double seconds = 0;
  std::optional<std::string> key;
  std::optional<std::string> meter;                 // as the file states it
  std::optional<double> beats_per_minute;           // ... where it states one
  bool states_meter = false, states_tempo = false;  // also where they change
};

// InputError naming `file`, `place` and key where something that steps take is missing, or a measure is no measure.
PieceFeatures features_of_line(const Json& row, const std::string& file, const std::string& place);

// By piece. InputError naming file, line and key.
std::map<std::string, PieceFeatures> read_features(const std::filesystem::path& folder);

}  // namespace midillama::corpus
