// What an experiment compares: a YAML file (configs/folk/table1.yaml; docs/experiments.md explains every key).
#pragma once

#include "midillama/config/schema.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace midillama::experiment {

// A row of the table, and the rows of what it answers without its music.
struct System {
  std::string name;                      // "MIDI-LLaMA"
  std::vector<std::string> set = {};     // overrides of the configuration, as --set takes them
  std::vector<std::string> stages = {};  // that train it, in their order; none: it is asked as it is
  // Rows of `midillama eval --music`, or of the scores.json of a task that asks no questions; the first is the system's own.
  std::vector<std::string> answers = {"true"};
  std::vector<std::string> tasks = {};    // of the plan's; none: all
  std::vector<std::uint64_t> seeds = {};  // of the stages; none: the plan's; of a system that is asked as it is, the first alone counts
  std::string published = {};             // the name of the published row that stands beside it
  std::string note = {};                  // for the reader

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("name", self.name);
    v("set", self.set);
    v("stages", self.stages);
    v("answers", self.answers);
    v("tasks", self.tasks);
    v("seeds", self.seeds);
    v("published", self.published);
    v("note", self.note);
  }
};

// A dataset whose questions every system answers. The first is that of the configuration.
struct Test {
  std::string name;
  std::vector<std::string> set = {};  // overrides: data.dir=...

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("name", self.name);
    v("set", self.set);
  }
};

// What others measured: BLEU, METEOR, ROUGE-L and BERTScore of each task; empty where they state none. Who states nothing at all has a row
// of dashes.
struct Published {
  std::string name;
  std::vector<double> qa = {};
  std::vector<double> caption = {};

  bool is_empty() const { return qa.empty() && caption.empty(); }
  // Of a metric by its name (bleu, …); nothing where it is not stated.
  std::optional<double> value(const std::string& task, const std::string& metric) const;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("name", self.name);
    v("qa", self.qa);
    v("caption", self.caption);
  }
};

struct Plan {
  std::string title;
  std::string config;                 // of all systems
  std::vector<std::string> set = {};  // overrides of all systems; their own come after
  std::string dir;                    // of their runs and of the table
  std::vector<std::string> tasks = {"qa", "caption"};
  std::vector<Test> tests = {{.name = "test"}};
  std::vector<std::uint64_t> seeds = {1};
  std::int64_t resamples = 1000;           // of pieces, for intervals and differences
  std::vector<std::string> launcher = {};  // that starts the ranks: [torchrun, --no-python, --nproc-per-node, "2"]
  std::vector<System> systems;
  std::string published_by;
  std::vector<Published> published = {};

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("title", self.title);
    v("config", self.config);
    v("set", self.set);
    v("dir", self.dir);
    v("tasks", self.tasks);
    v("tests", self.tests);
    v("seeds", self.seeds);
    v("resamples", self.resamples);
    v("launcher", self.launcher);
    v("systems", self.systems);
    v("published_by", self.published_by);
    v("published", self.published);
  }

  const Published* find_published(const std::string& name) const;  // nullptr where there is none
};

// ConfigError with every mistake, each naming file, line and key. read_plan() also reads the configuration of every system and test.
Plan read_plan(const std::filesystem::path& file);
Plan parse_plan(const std::string& yaml, const std::string& name);

// The plan's configuration with its overrides, then those of `own`.
config::Config configuration(const Plan& plan, const std::vector<std::string>& own);
// The one with which a system is tested.
config::Config configuration_of(const Plan& plan, const std::string& system, const std::string& test);

// Whether a task is questions that systems answer in words. The others (genre, style, melody) leave their numbers in scores.json.
bool asks_questions(const std::string& task);
// The stage whose checkpoint such a task tests ("classify", "melody"); of questions the system's last, empty where it has none.
std::string tested_stage(const System& system, const std::string& task);
// The system's rows of a task, in their order.
std::vector<std::string> answers_to(const System& system, const std::string& task);
// The tasks of a system, in the plan's order.
std::vector<std::string> tasks_of(const Plan& plan, const System& system);

// One training of a system.
struct Run {
  const System* system = nullptr;
  std::uint64_t seed = 1;
  std::filesystem::path folder = {};  // its run directory
  bool is_trained() const { return !system->stages.empty(); }
};

// Of a name in folders: lower case, with - for what is no letter or digit.
std::string folder_name(const std::string& name);
// Every training of the plan, by system.
std::vector<std::vector<Run>> runs_of(const Plan& plan);
// The run directory in which a test's questions are answered: <folder> for the first test, <folder>/tests/<test> for the others.
std::filesystem::path run_directory(const Plan& plan, const Run& run, const Test& test);
// The folder of a row's answers there.
std::filesystem::path answers_folder(const Plan& plan, const Run& run, const Test& test, const std::string& task, const std::string& row);

}  // namespace midillama::experiment
