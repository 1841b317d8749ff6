// Everything that can be known to be wrong before a long run begins, asked in seconds and without reading a weight. Each check calls what
// training, evaluation or `data check` themselves call, so what passes here does not fail there.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <span>
#include <string>
#include <vector>

namespace midillama::doctor {

enum class Status { ok, warn, fail };

struct Check {
  std::string name;  // "llm weights"
  Status status = Status::ok;
  std::string detail;  // what was found
  std::string mend;    // the command or key that mends it; empty where all is well
};

// All checks of a configuration, in the order of a run. Never throws for what it finds.
std::vector<Check> examine(const config::Config& config);

// A table for a terminal, and a list of {"name", "status", "detail", "mend"}.
std::string to_text(std::span<const Check> checks);
OrderedJson to_json(std::span<const Check> checks);

}  // namespace midillama::doctor
