#include "midillama/experiment/execute.h"

#include "midillama/config/schema.h"
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
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace midillama::experiment {
namespace fs = std::filesystem;
namespace {

constexpr int kSignalled = 128;                 // more than it: the status of what a signal ended
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
  std::vector<std::string> words = {"eval", "--task", task};
  if (asks_questions(task)) {
    std::vector<std::string> rows = answers_to(*run.system, task);
    std::erase(rows, kProbe);
    words.insert(words.end(), {"--music", fmt::format("{}", fmt::join(rows, ","))});
  }
  if (run.is_trained()) words.insert(words.end(), {"--checkpoint", (run.folder / tested_stage(*run.system, task)).string()});
  std::vector<std::string> more = test.set;
  more.push_back("run.dir=" + run_directory(plan, run, test).string());
  const std::string name = plan.tests.size() == 1 ? fmt::format("eval {}", task) : fmt::format("eval {} {}", folder_name(test.name), task);
  return {name, command(plan, run, program, words, more)};
}

// Why a program failed, by what it has put into the log: its errors, each with the lines that belong to it; else what it said last.
std::string reason_of(const LoggedProcess& process, const fs::path& log) {
  static constexpr std::string_view kError = "error: ";
  std::vector<std::string> errors;
  std::string last = "it said nothing";
  bool belongs = false;
  for_each_line_at(log, [&](std::string_view line, std::size_t, std::uint64_t begin) {
    if (begin < process.log_begin || line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    last = line;
    if (belongs && line.starts_with("  ")) errors.back() += fmt::format(" {}", line.substr(2));
    belongs = line.starts_with(kError) || (belongs && line.starts_with("  "));
    if (line.starts_with(kError)) errors.emplace_back(line.substr(kError.size()));
  });
  if (!errors.empty()) return fmt::format("{}", fmt::join(errors, "; "));
  const int signal = process.status - kSignalled;
  return signal > 0 ? fmt::format("signal {} ended it ({})", signal, strsignal(signal)) : last;
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
  LoggedProcess process;
  try {
    process = run_logged(step.arguments, log);
  } catch (const Error& error) {  // a launcher that is not there
    return fmt::format("{} failed: {}", step.name, error.what());
  }
  if (noted_interrupt() != 0)
    throw Interrupted(noted_interrupt(), fmt::format("{}: {} was stopped: the same command goes on", run.folder.string(), step.name));
  if (process.status != 0) return fmt::format("{} failed: {}", step.name, reason_of(process, log));
  note_cost(run.folder, step.name, process.peak_memory);
  log::info("{}: {} took {:.0f} seconds", run.folder.string(), step.name, process.seconds);
  return std::nullopt;
}

// What is there of another plan: it would be taken for this one's.
std::optional<std::string> foreign_stage(const Run& run) {
  for (const std::string& stage : config::stage_names()) {
    if (fs::exists(run.folder / stage) && std::ranges::count(run.system->stages, stage) == 0)
      return fmt::format("{} is there, which this system's stages do not name: remove {} or give the system another name",
                         (run.folder / stage).string(), run.folder.string());
  }
  return std::nullopt;
}

// A stage's newest checkpoint was made of the one before: it cannot be older.
std::optional<std::string> stale_stage(const Run& run) {
  const auto& stages = run.system->stages;
  for (std::size_t i = 1; i < stages.size(); ++i) {
    const fs::path first = run.folder / stages[i - 1] / runs::kLastLink, second = run.folder / stages[i] / runs::kLastLink;
    if (fs::exists(first) && fs::exists(second) && fs::last_write_time(second) < fs::last_write_time(first))
      return fmt::format("{} is older than the {} that it would start from: remove {} to train it anew", stages[i], stages[i - 1],
                         second.parent_path().string());
  }
  return std::nullopt;
}

// Nothing, or why the run is not trained.
std::optional<std::string> train(const Plan& plan, const Run& run, const std::string& program) {
  if (auto problem = foreign_stage(run)) return problem;
  for (const std::string& stage : run.system->stages) {
    const bool is_there = fs::exists(run.folder / stage);
    if (auto problem = run_step(run, training(plan, run, stage, program)))
      return is_there ? fmt::format("{} (it begins anew where {} is removed)", *problem, (run.folder / stage).string()) : *problem;
    if (auto problem = stale_stage(run)) return problem;
  }
  return std::nullopt;
}

void evaluate(const Plan& plan, const Run& run, const std::string& program, Problems& problems) {
  for (const Test& test : plan.tests) {
    for (const std::string& task : tasks_of(plan, *run.system)) {
      auto problem = run_step(run, evaluation(plan, run, test, task, program));
      if (!problem) continue;
      log::error("{}: {}", run.folder.string(), *problem);
      problems.of_evaluation(run, test, task, std::move(*problem));
    }
  }
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

const std::string* Problems::find(const Run& run) const {
  const auto found = of_training_.find(run.folder);
  return found == of_training_.end() ? nullptr : &found->second;
}

const std::string* Problems::find(const Run& run, const Test& test, const std::string& task) const {
  if (const std::string* untrained = find(run)) return untrained;
  const auto found = of_evaluation_.find({run.folder, test.name, task});
  return found == of_evaluation_.end() ? nullptr : &found->second;
}

Problems execute(const Plan& plan, const std::string& program) {
  const InterruptDelay delay("the step that is under way is brought to its end");
  Problems problems;
  for (const auto& runs : runs_of(plan)) {
    for (const Run& run : runs) {
      for (const Test& test : plan.tests) share_cache(run_directory(plan, run, test), fs::path(plan.dir) / "cache");
      if (auto problem = train(plan, run, program)) {
        log::error("{}: {}", run.folder.string(), *problem);
        problems.of_training(run, std::move(*problem));
      } else {
        evaluate(plan, run, program, problems);
      }
    }
  }
  return problems;
}

}  // namespace midillama::experiment
