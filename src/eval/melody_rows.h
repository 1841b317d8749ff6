// Who ranks phrases, a row of the table each.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/melody/groups.h"

#include <torch/types.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

struct MelodyContext {
  const config::Config& config;
  const std::filesystem::path& checkpoint;
  torch::Device device;
  const melody::Phrases& known;  // that are learnt from
  const melody::Phrases& tested;
};

struct MelodyRow {
  const char* name;
  std::vector<melody::GroupScores> (*score)(const MelodyContext& context, std::span<const melody::Group> groups);
  std::string (*obstacle)(const config::Config& config);  // why it cannot be; empty: nothing
};

// In the order of the table: the trained model first.
std::span<const MelodyRow> melody_rows();

}  // namespace midillama::eval
