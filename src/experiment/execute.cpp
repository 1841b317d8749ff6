#include "midillama/experiment/execute.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/process.h"
#include "midillama/runs/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace midillama::experiment {
namespace fs = std::filesystem;
namespace {

constexpr const char* kProbe = "linear-probe";  // which an evaluation of several rows has, unasked

struct Step {
  std::string name;  // "align", "eval qa"
  std::vector<std::string> arguments;
};

// A command of this program with the run's settings.
std::vector<std::string> command(const Plan& plan, const Run& run, const std::string& program, const std::vector<std::string>& words,
                                 const std::vector<std::string>& more) {
  std::vector<std::string> arguments = plan.launcher;
  arguments.push_back(program);
  arguments.insert(arguments.end(), words.begin(), words.end());
  arguments.insert(arguments.end(), {"--config", plan.config});
  const auto set = [&](const std::string& override) { arguments.insert(arguments.end(), {"--set", override}); };
  std::ranges::for_each(plan.set, set);
  std::ranges::for_each(run.system->set, set);
  set(fmt::format("run.seed={}", run.seed));
  std::ranges::for_each(more, set);
  return arguments;
}

Step training(const Plan& plan, const Run& run, const std::string& stage, const std::string& program) {
  return {stage, command(plan, run, program, {"train", "--stage", stage, "--resume"}, {"run.dir=" + run.folder.string()})};
}

Step evaluation(const Plan& plan, const Run& run, const Test& test, const std::string& task, const std::string& program) {
  std::vector<std::string> rows = run.system->answers;
  std::erase(rows, kProbe);
  std::vector<std::string> words = {"eval", "--task", task, "--music", fmt::format("{}", fmt::join(rows, ","))};
  if (run.is_trained()) words.insert(words.end(), {"--checkpoint", (run.folder / run.system->stages.back()).string()});
  std::vector<std::string> more = test.set;
  more.push_back("run.dir=" + run_directory(plan, run, test).string());
  const std::string name = plan.tests.size() == 1 ? fmt::format("eval {}", task) : fmt::format("eval {} {}", folder_name(test.name), task);
  return {name, command(plan, run, program, words, more)};
}

std::vector<Step> steps_of(const Plan& plan, const Run& run, const std::string& program) {
  std::vector<Step> steps;
  for (const std::string& stage : run.system->stages) steps.push_back(training(plan, run, stage, program));
  for (const Test& test : plan.tests) {
    for (const std::string& task : plan.tasks) steps.push_back(evaluation(plan, run, test, task, program));
  }
  return steps;
}

// What a program that failed said last.
std::string last_line(const fs::path& log) {
  std::string last;
  for_each_line(log, [&](std::string_view line, std::size_t) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) last = line;
  });
  return last.empty() ? "it said nothing" : last;
}

void note_cost(const fs::path& folder, const std::string& step, std::int64_t peak_memory) {
  auto costs = read_costs(folder);
  costs[step].peak_memory = std::max(costs[step].peak_memory, peak_memory);
  OrderedJson json = OrderedJson::object();
  for (const auto& [name, cost] : costs) json[name] = {{"peak_memory", cost.peak_memory}};
  write_atomically(folder / kCostFile, json_text(json, 2) + "\n");
}

// Clip embeddings are kept in a run directory's cache by what they were made of: all runs have one, so that none encodes a clip again.
void share_cache(const fs::path& run_folder, const fs::path& cache) {
  fs::create_directories(run_folder);
  fs::create_directories(cache);
  if (!fs::exists(run_folder / "cache")) replace_symlink(run_folder / "cache", fs::absolute(cache));
}

// Nothing, or why it failed.
std::optional<std::string> run_step(const Run& run, const Step& step) {
  const fs::path log = run.folder / "logs" / (folder_name(step.name) + ".txt");
  log::info("{}: {} (log: {})", run.folder.string(), step.name, log.string());
  const LoggedProcess process = run_logged(step.arguments, log);
  if (noted_interrupt() != 0)
    throw Interrupted(noted_interrupt(), fmt::format("{}: {} was stopped: the same command goes on", run.folder.string(), step.name));
  if (process.status != 0) return fmt::format("{} failed: {}", step.name, last_line(log));
  note_cost(run.folder, step.name, process.peak_memory);
  log::info("{}: {} took {:.0f} seconds", run.folder.string(), step.name, process.seconds);
  return std::nullopt;
}

}  // namespace

std::map<std::string, Cost> read_costs(const fs::path& run_folder) {
  std::map<std::string, Cost> costs;
  const fs::path file = run_folder / kCostFile;
  if (!fs::exists(file)) return costs;
  const Json json = read_json(file);
  for (const auto& [step, cost] : json.items()) costs[step].peak_memory = json_get<std::int64_t>(cost, "peak_memory", file.string(), step);
  return costs;
}

Problems execute(const Plan& plan, const std::string& program) {
  const InterruptDelay delay("the step that is under way is brought to its end");
  Problems problems;
  for (const auto& runs : runs_of(plan)) {
    for (const Run& run : runs) {
      for (const Test& test : plan.tests) share_cache(run_directory(plan, run, test), fs::path(plan.dir) / "cache");
      for (const Step& step : steps_of(plan, run, program)) {
        const auto problem = run_step(run, step);
        if (!problem) continue;
        log::error("{}: {}", run.folder.string(), *problem);
        problems[run.folder] = *problem;
        break;
      }
    }
  }
  return problems;
}

}  // namespace midillama::experiment
