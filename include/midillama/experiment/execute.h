// Trains what is missing of an experiment and has every system answer: one process of this program after the other, so that each has the
// machine to itself, and what one needs of memory is known.
#pragma once

#include "midillama/experiment/plan.h"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace midillama::experiment {

// What a step that was run has cost: kept in <run>/cost.json by the step's name ("align", "eval qa").
struct Cost {
  std::int64_t peak_memory = 0;  // bytes, of the host
};
std::map<std::string, Cost> read_costs(const std::filesystem::path& run_folder);

inline constexpr const char* kCostFile = "cost.json";

// Why there are no answers: of a run that could not be trained, of an evaluation that failed.
class Problems {
 public:
  void of_training(const Run& run, std::string why) { of_training_[run.folder] = std::move(why); }
  void of_evaluation(const Run& run, const Test& test, const std::string& task, std::string why) {
    of_evaluation_[{run.folder, test.name, task}] = std::move(why);
  }
  // nullptr where there is none.
  const std::string* find(const Run& run) const;
  const std::string* find(const Run& run, const Test& test, const std::string& task) const;
  std::size_t size() const { return of_training_.size() + of_evaluation_.size(); }

 private:
  std::map<std::filesystem::path, std::string> of_training_;
  std::map<std::tuple<std::filesystem::path, std::string, std::string>, std::string> of_evaluation_;
};

// Runs the steps of every system. What is complete is found complete by the program itself, and settings that have changed since are
// refused by it. A training that fails ends its run, an evaluation its own table's rows; the experiment goes on. Each step's log is in
// <run>/logs. A stage that is older than the one that it starts from, and a training that the plan does not name, are problems, too:
// nothing is trained anew over what is there. Interrupted after a signal, when the step that is under way has come to its end. `program`:
// this program's executable.
Problems execute(const Plan& plan, const std::string& program);

}  // namespace midillama::experiment
