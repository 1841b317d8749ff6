#include "midillama/experiment/plan.h"

#include "midillama/config/config.h"
#include "midillama/config/yaml_checker.h"
#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace midillama::experiment {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostResamples = 1'000'000;
const std::vector<std::string> kAnswers = {"true", "shuffled", "zero", "mean", "none", "zero-shot", "most-frequent", "linear-probe"};
const std::vector<std::string> kClassifiers = {"cnn", "musicbert", "linear", "constant", "chance", "endpoint"};
const std::vector<std::string> kMelodyModels = {"transformer", "n-gram", "key-register", "musicbert", "random"};

struct Task {
  std::string_view name;
  std::string_view stage;  // whose checkpoint is tested; none: questions are asked, of whatever was trained last
  const std::vector<std::string>& rows;
};
const std::array<Task, 6> kTasks = {{{"qa", "", kAnswers},
                                     {"caption", "", kAnswers},
                                     {"unseen", "", kAnswers},
                                     {"genre", "classify", kClassifiers},
                                     {"style", "classify", kClassifiers},
                                     {"melody", "melody", kMelodyModels}}};

// The plan's check has refused all others.
const Task& task_named(std::string_view name) {
  return *std::ranges::find(kTasks, name, &Task::name);
}

constexpr std::array<std::string_view, 4> kMetrics = {"bleu", "meteor", "rouge_l", "bertscore"};  // that others state, in their order

class Checker : public config::YamlChecker {
 public:
  using YamlChecker::YamlChecker;

  void one_of(const std::string& value, const std::vector<std::string>& allowed, const std::string& key) {
    require(std::ranges::count(allowed, value) > 0, key, fmt::format("\"{}\", must be one of {}", value, fmt::join(allowed, ", ")));
  }
};

// Names that must differ as folders, too.
template <typename Named>
void check_names(const std::vector<Named>& list, const std::string& key, Checker& checker) {
  checker.require(!list.empty(), key, "at least one is expected");
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string name = folder_name(list[i].name), place = fmt::format("{}[{}].name", key, i);
    checker.require(!name.empty(), place, "letters or digits are expected");
    checker.require(names.insert(name).second, place, "is there twice");
  }
}

template <typename Value>
void check_once(const std::vector<Value>& list, const std::string& key, Checker& checker) {
  const std::set<Value> distinct(list.begin(), list.end());
  checker.require(distinct.size() == list.size(), key, fmt::format("[{}], must not name one twice", fmt::join(list, ", ")));
}

// What the program would say of them when their turn comes, after hours.
void check_configuration(const Plan& plan, const std::vector<std::string>& own, const std::string& key, Checker& checker) {
  try {
    configuration(plan, own);
  } catch (const Error& error) {
    checker.require(false, key, error.what());
  }
}

void check_overrides(const std::vector<std::string>& overrides, const std::string& key, Checker& checker) {
  for (const std::string& override : overrides) {
    checker.require(override.find('=') != std::string::npos, key, fmt::format("\"{}\", must be key=value", override));
  }
}

// What a system is asked, and what its stages make.
void check_tasks(const Plan& plan, const System& system, const std::string& key, Checker& checker) {
  std::vector<std::string> rows;
  for (const std::string& name : tasks_of(plan, system)) {
    const auto* task = std::ranges::find(kTasks, name, &Task::name);
    if (task == kTasks.end()) continue;  // said of plan.tasks
    rows.insert(rows.end(), task->rows.begin(), task->rows.end());
    checker.require(task->stage.empty() || system.stages.empty() || std::ranges::count(system.stages, task->stage) > 0, key + ".stages",
                    fmt::format("the task {} tests what the stage {} trains, which is not among them", name, task->stage));
    checker.require(!answers_to(system, name).empty(), key + ".answers", fmt::format("the task {} has no row among them", name));
  }
  for (const std::string& row : system.answers) checker.one_of(row, rows, key + ".answers");
}

void check_system(const Plan& plan, const System& system, const std::string& key, Checker& checker) {
  for (const std::string& stage : system.stages) checker.one_of(stage, config::stage_names(), key + ".stages");
  checker.require(!system.answers.empty(), key + ".answers", "at least one is expected");
  for (const std::string& task : system.tasks) checker.one_of(task, plan.tasks, key + ".tasks");
  check_tasks(plan, system, key, checker);
  check_once(system.answers, key + ".answers", checker);
  check_once(system.stages, key + ".stages", checker);
  check_once(system.seeds, key + ".seeds", checker);
  checker.require(system.published.empty() || plan.find_published(system.published) != nullptr, key + ".published",
                  fmt::format("there is no row \"{}\" in published", system.published));
  check_overrides(system.set, key + ".set", checker);
}

void check(const Plan& plan, Checker& checker) {
  checker.require(!plan.title.empty(), "title", "a text is expected");
  checker.require(!plan.config.empty(), "config", "a configuration is expected");
  check_overrides(plan.set, "set", checker);
  checker.require(!plan.dir.empty(), "dir", "a folder is expected");
  checker.require(!plan.seeds.empty(), "seeds", "at least one is expected");
  check_once(plan.seeds, "seeds", checker);
  checker.require(plan.resamples >= 1 && plan.resamples <= kMostResamples, "resamples",
                  fmt::format("must be from 1 to {}", kMostResamples));
  checker.require(!plan.tasks.empty(), "tasks", "at least one is expected");
  std::vector<std::string> known;
  for (const Task& task : kTasks) known.emplace_back(task.name);
  for (const std::string& task : plan.tasks) checker.one_of(task, known, "tasks");
  check_once(plan.tasks, "tasks", checker);
  check_names(plan.tests, "tests", checker);
  check_names(plan.systems, "systems", checker);
  for (std::size_t i = 0; i < plan.tests.size(); ++i) check_overrides(plan.tests[i].set, fmt::format("tests[{}].set", i), checker);
  for (std::size_t i = 0; i < plan.systems.size(); ++i) check_system(plan, plan.systems[i], fmt::format("systems[{}]", i), checker);
  for (std::size_t i = 0; i < plan.published.size(); ++i) {
    for (const auto* values : {&plan.published[i].qa, &plan.published[i].caption}) {
      checker.require(values->empty() || values->size() == kMetrics.size(), fmt::format("published[{}]", i),
                      "four numbers are expected: BLEU, METEOR, ROUGE-L, BERTScore");
      for (const double value : *values)
        checker.require(0 <= value && value <= 1, fmt::format("published[{}]", i), fmt::format("{}, must be from 0 to 1", value));
    }
  }
  std::vector<std::string> published;
  for (const Published& row : plan.published) published.push_back(row.name);
  check_once(published, "published", checker);
  checker.require(plan.published.empty() || !plan.published_by.empty(), "published_by",
                  "a text is expected where others' numbers are stated");
}

}  // namespace

std::optional<double> Published::value(const std::string& task, const std::string& metric) const {
  static const std::vector<double> nothing;
  const auto& values = task == "qa" ? qa : task == "caption" ? caption : nothing;
  const auto place = static_cast<std::size_t>(std::ranges::find(kMetrics, metric) - kMetrics.begin());
  return place < values.size() ? std::optional(values[place]) : std::nullopt;
}

const Published* Plan::find_published(const std::string& name) const {
  const auto found = std::ranges::find(published, name, &Published::name);
  return found == published.end() ? nullptr : &*found;
}

config::Config configuration(const Plan& plan, const std::vector<std::string>& own) {
  std::vector<std::string> overrides = plan.set;
  overrides.insert(overrides.end(), own.begin(), own.end());
  return config::load(plan.config, overrides);
}

config::Config configuration_of(const Plan& plan, const std::string& system, const std::string& test) {
  std::vector<std::string> own = std::ranges::find(plan.systems, system, &System::name)->set;
  const auto& of_test = std::ranges::find(plan.tests, test, &Test::name)->set;
  own.insert(own.end(), of_test.begin(), of_test.end());
  return configuration(plan, own);
}

Plan parse_plan(const std::string& yaml, const std::string& name) {
  return config::read_checked<Plan, Checker>(yaml, name, [](const Plan& plan, Checker& checker) { check(plan, checker); });
}

Plan read_plan(const fs::path& file) {
  const fs::path found = config::find_file(file);
  const std::string yaml = config::read_settings(found);
  Plan plan = parse_plan(yaml, file.string());
  std::vector<std::string> mistakes;
  Checker checker(yaml, file.string(), mistakes);
  for (std::size_t i = 0; i < plan.systems.size(); ++i)
    check_configuration(plan, plan.systems[i].set, fmt::format("systems[{}].set", i), checker);
  for (std::size_t i = 0; i < plan.tests.size(); ++i)
    check_configuration(plan, plan.tests[i].set, fmt::format("tests[{}].set", i), checker);
  if (!mistakes.empty()) throw ConfigError(std::move(mistakes));
  return plan;
}

std::string folder_name(const std::string& name) {
  std::string folder;
  for (const char c : name) {
    const bool is_upper = 'A' <= c && c <= 'Z';
    const bool is_plain = ('a' <= c && c <= 'z') || ('0' <= c && c <= '9');
    if (is_upper) folder += static_cast<char>(c - 'A' + 'a');
    if (is_plain) folder += c;
    if (!is_upper && !is_plain && !folder.empty() && folder.back() != '-') folder += '-';
  }
  if (folder.ends_with('-')) folder.pop_back();
  return folder;
}

bool asks_questions(const std::string& task) {
  return task_named(task).stage.empty();
}

std::string tested_stage(const System& system, const std::string& task) {
  if (!asks_questions(task)) return std::string(task_named(task).stage);
  return system.stages.empty() ? "" : system.stages.back();
}

std::vector<std::string> answers_to(const System& system, const std::string& task) {
  const std::vector<std::string>& rows = task_named(task).rows;
  std::vector<std::string> answers = system.answers;
  std::erase_if(answers, [&](const std::string& row) { return std::ranges::count(rows, row) == 0; });
  return answers;
}

std::vector<std::string> tasks_of(const Plan& plan, const System& system) {
  std::vector<std::string> tasks = plan.tasks;
  if (!system.tasks.empty()) std::erase_if(tasks, [&](const std::string& task) { return std::ranges::count(system.tasks, task) == 0; });
  return tasks;
}

std::vector<std::vector<Run>> runs_of(const Plan& plan) {
  std::vector<std::vector<Run>> runs;
  for (const System& system : plan.systems) {
    const fs::path folder = fs::path(plan.dir) / folder_name(system.name);
    const auto& seeds = system.seeds.empty() ? plan.seeds : system.seeds;
    auto& own = runs.emplace_back();
    if (system.stages.empty()) {
      own.push_back({&system, seeds.front(), folder});
      continue;
    }
    for (const std::uint64_t seed : seeds) own.push_back({&system, seed, folder / fmt::format("seed-{}", seed)});
  }
  return runs;
}

fs::path run_directory(const Plan& plan, const Run& run, const Test& test) {
  return test.name == plan.tests.front().name ? run.folder : run.folder / "tests" / folder_name(test.name);
}

fs::path answers_folder(const Plan& plan, const Run& run, const Test& test, const std::string& task, const std::string& row) {
  return run_directory(plan, run, test) / "eval" / task / row;
}

}  // namespace midillama::experiment
