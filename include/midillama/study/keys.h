// What opens a study, and to whom. Keys are drawn from the system's randomness: whoever knows a study's seed cannot foresee them.
#pragma once

#include "midillama/study/study.h"

#include <filesystem>
#include <map>
#include <string>

namespace midillama::study {

struct ParticipantKeys {
  std::string key;          // of the personal link
  std::string finish_code;  // shown at the end
};

struct Keys {
  std::string admin;
  std::map<std::string, ParticipantKeys> participants;  // by name
};

Keys draw_keys(const Study& study);

inline constexpr const char* kKeysFile = "keys.json";
// For its owner alone to read.
void write_keys(const Keys& keys, const std::filesystem::path& folder);
// InputError naming file and key; also where a participant of the study has none.
Keys read_keys(const Study& study, const std::filesystem::path& folder);

}  // namespace midillama::study
