// Trains what is missing of an experiment and has every system answer: one process of this program after the other, so that each has the
// machine to itself, and what one needs of memory is known.
#pragma once

#include "midillama/experiment/plan.h"

#include <cstdint>
#include <map>
#include <string>

namespace midillama::experiment {

// What a step that was run has cost: kept in <run>/cost.json by the step's name ("align", "eval qa").
struct Cost {
  std::int64_t peak_memory = 0;  // bytes, of the host
};
std::map<std::string, Cost> read_costs(const std::filesystem::path& run_folder);

inline constexpr const char* kCostFile = "cost.json";

// Why a run has no answers, by run directory; none of those that have.
using Problems = std::map<std::filesystem::path, std::string>;

// Runs the steps of every system. What is complete is found complete by the program itself, and settings that have changed since are
// refused by it. A step that fails ends its run, not the experiment; its log is in <run>/logs. Interrupted after a signal, when the step
// that is under way has come to its end. `program`: this program's executable.
Problems execute(const Plan& plan, const std::string& program);

}  // namespace midillama::experiment
