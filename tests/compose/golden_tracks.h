// Tracks as golden files have them: as a model writes them.
#pragma once

#include "midillama/compose/answer.h"
#include "midillama/core/file.h"

#include <string>

namespace midillama::compose {

inline const Json& golden() {
  static const Json file = read_json("tests/golden/compose/compose.json");
  return file;
}

inline Tracks golden_tracks(const Json& tracks) {
  Counts forgiven;
  return read_tracks(tracks.dump(), "golden", forgiven);
}

}  // namespace midillama::compose
