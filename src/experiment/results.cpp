#include "midillama/experiment/results.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/metrics/comparisons.h"
#include "midillama/runs/example_scores.h"
#include "midillama/runs/files.h"
#include "midillama/runs/metrics.h"
#include "midillama/runs/score_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

namespace midillama::experiment {
namespace fs = std::filesystem;
namespace {

using runs::ExampleScores;
using runs::NamedAdditive;

constexpr const char* kMetrics[] = {"bleu", "meteor", "rouge_l", "bertscore"};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::optional<double> deviation(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const double middle = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - middle) * (value - middle);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

const std::vector<NamedAdditive>& list_of(const ExampleScores& scores, const Column& column) {
  return column.is_tag ? scores.accuracies : scores.metrics;
}

std::int64_t count_of(const metrics::Additive& accuracy) {
  double asked = 0;
  for (std::size_t i = 0; i < accuracy.examples(); ++i) asked += accuracy.of(i)[1];
  return std::llround(asked);
}

// What was asked and what is right, of every answer; nothing of a row that writes no text.
std::optional<std::string> questions_in(const fs::path& folder) {
  const fs::path file = folder / "predictions.jsonl";
  if (!fs::exists(file)) return std::nullopt;
  std::string all;
  for_each_json_line(file, [&](const Json& line, std::size_t) {
    for (const char* key : {"id", "question", "references"}) all += line.contains(key) ? line[key].dump() : "null";
  });
  return fingerprint(all);
}

// Of a row's scores.json, which has itself alone.
Json scored_row(const fs::path& folder) {
  const fs::path file = folder / "scores.json";
  const Json scores = fs::exists(file) ? read_json(file) : Json();
  const Json::json_pointer place("/tasks/0/rows/0");
  return scores.contains(place) ? scores.at(place) : Json::object();
}

// How each metric was taken, by its name.
std::map<std::string, std::string> signatures_in(const fs::path& folder) {
  std::map<std::string, std::string> signatures;
  const Json row = scored_row(folder);
  if (!row.contains("metrics")) return signatures;
  for (const auto& [metric, score] : row["metrics"].items()) signatures[metric] = score.value("signature", "");
  return signatures;
}

// Questions to which no answer came.
std::int64_t unanswered_in(const fs::path& folder) {
  return scored_row(folder).value("unanswered", std::int64_t{0});
}

// Why a row that the plan asks for has no numbers though nothing failed.
std::string missing_row(const fs::path& folder) {
  return fmt::format("{} has no such row", folder.parent_path().string());
}

// Of pieces that all end alike.
std::vector<metrics::Trials> all_or_none(double share, std::size_t pieces) {
  return std::vector<metrics::Trials>(pieces, {.successes = std::llround(share), .trials = 1});
}

// Of the systems that are for the task.
std::vector<std::vector<Run>> runs_for(const Plan& plan, const std::string& task) {
  std::vector<std::vector<Run>> runs = runs_of(plan);
  std::erase_if(runs, [&](const auto& of_system) { return std::ranges::count(tasks_of(plan, *of_system.front().system), task) == 0; });
  return runs;
}

class TableBuilder {
 public:
  TableBuilder(const Plan& plan, const Test& test, const std::string& task, const Problems& problems)
      : plan_(plan), test_(test), problems_(problems), table_{.test = test.name, .task = task} {}

  Table build() {
    for (const auto& runs : runs_for(plan_, table_.task)) {
      for (const std::string& answers : answers_to(*runs.front().system, table_.task)) read_row(runs, answers);
    }
    table_.of = fmt::format("{} questions about {} pieces", table_.examples, table_.pieces);
    if (!bootstrap_) return std::move(table_);
    add_columns();
    for (std::size_t row = 0; row < table_.rows.size(); ++row) fill(row);
    compare();
    return std::move(table_);
  }

 private:
  // What a row's seeds give in each resample, their mean.
  using Resampled = std::vector<double>;

  void read_row(const std::vector<Run>& runs, const std::string& answers) {
    const System& system = *runs.front().system;
    Row row{.system = system.name, .answers = answers, .is_own = answers == answers_to(system, table_.task).front()};
    auto& scores = scores_.emplace_back();
    for (const Run& run : runs) {
      const fs::path folder = answers_folder(plan_, run, test_, table_.task, answers);
      const fs::path file = folder / runs::kExampleScoresFile;
      if (const std::string* problem = problems_.find(run, test_, table_.task)) row.problem = *problem;
      if (row.problem.empty() && !fs::exists(file)) row.problem = missing_row(folder);
      if (!row.problem.empty()) break;
      scores.push_back(runs::read_example_scores(file));
      row.problem = why_not_comparable(scores.back(), folder);
      if (!row.problem.empty()) break;
      row.unanswered += unanswered_in(folder);
      row.files.push_back(folder / "predictions.jsonl");
    }
    if (!row.problem.empty()) scores.clear();
    table_.rows.push_back(std::move(row));
  }

  // Of what a row before was measured of, and how; the first decides. Empty where they can be compared.
  std::string why_not_comparable(const ExampleScores& scores, const fs::path& folder) {
    const auto asked = questions_in(folder);
    if (!bootstrap_) {
      ids_ = scores.ids;
      asked_ = asked;
      bootstrap_.emplace(scores.pieces, plan_.seeds.front(), static_cast<int>(plan_.resamples));
      table_.examples = std::ssize(ids_);
      table_.pieces = static_cast<std::int64_t>(bootstrap_->groups());
    }
    if (ids_ != scores.ids || (asked && asked_ && *asked != *asked_))
      return fmt::format("{} is about other questions or references than the rows before: they cannot be compared", folder.string());
    for (const auto& [metric, signature] : signatures_in(folder)) {
      const auto& known = signatures_.emplace(metric, signature).first->second;
      if (known != signature)
        return fmt::format("{} is measured by {}, the rows before by {}: they cannot be compared", metric, signature, known);
    }
    return "";
  }

  // The text metrics, then every tag that a row is checked for.
  void add_columns() {
    std::map<std::string, Column> tags;
    std::set<std::string> metrics;
    for (const auto& row : scores_) {
      for (const ExampleScores& scores : row) {
        for (const auto& [name, metric] : scores.metrics) metrics.insert(name);
        for (const auto& [tag, accuracy] : scores.accuracies) tags[tag] = {tag, true, count_of(accuracy), bootstrap_->groups_of(accuracy)};
      }
    }
    for (const char* name : kMetrics) {
      if (metrics.contains(name)) table_.columns.push_back({name, false, table_.examples, bootstrap_->groups()});
    }
    for (const auto& [tag, column] : tags) table_.columns.push_back(column);
  }

  void fill(std::size_t row) {
    auto& resampled = resampled_.emplace_back(table_.columns.size());
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      table_.rows[row].cells.push_back(cell(row, column, resampled[column]));
    }
  }

  std::optional<Cell> cell(std::size_t row, std::size_t column, Resampled& resampled) const {
    Cell cell;
    for (const ExampleScores& scores : scores_[row]) {
      const auto* metric = ExampleScores::find(list_of(scores, table_.columns[column]), table_.columns[column].name);
      if (metric == nullptr) return std::nullopt;
      cell.each_seed.push_back(metric->value_of_all());
      const Resampled own = bootstrap_->resampled(*metric);
      resampled.resize(own.size());
      for (std::size_t i = 0; i < own.size(); ++i) resampled[i] += own[i] / static_cast<double>(scores_[row].size());
    }
    if (cell.each_seed.empty()) return std::nullopt;
    cell.value = mean(cell.each_seed);
    cell.spread = deviation(cell.each_seed);
    cell.interval = metrics::percentile_interval(resampled);
    const Column& of = table_.columns[column];
    // Where all end alike no resample differs from another, however few they are.
    if (of.is_tag && (cell.value == 0 || cell.value == 1)) cell.interval = metrics::wilson_interval(all_or_none(cell.value, of.pieces));
    return cell;
  }

  // Whether two rows' difference says something: two systems, or a system and itself without its music.
  bool are_compared(const Row& one, const Row& other) const { return one.system == other.system ? one.is_own : one.is_own && other.is_own; }

  void compare() {
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      const std::size_t first = table_.differences.size();
      for (std::size_t one = 0; one < table_.rows.size(); ++one) {
        for (std::size_t other = one + 1; other < table_.rows.size(); ++other) {
          if (are_compared(table_.rows[one], table_.rows[other])) add_difference(one, other, column);
        }
      }
      correct(first);
    }
  }

  void add_difference(std::size_t one, std::size_t other, std::size_t column) {
    const auto &a = table_.rows[one].cells[column], &b = table_.rows[other].cells[column];
    if (!a || !b) return;
    Resampled differences = resampled_[one][column];
    for (std::size_t i = 0; i < differences.size(); ++i) differences[i] -= resampled_[other][column][i];
    const double value = a->value - b->value;
    table_.differences.push_back({.one = one,
                                  .other = other,
                                  .column = column,
                                  .value = value,
                                  .interval = metrics::percentile_interval(differences),
                                  .p_value = metrics::bootstrap_p_value(value, differences, table_.columns[column].pieces)});
  }

  void correct(std::size_t first) {
    std::vector<double> p_values;
    for (std::size_t i = first; i < table_.differences.size(); ++i) p_values.push_back(table_.differences[i].p_value);
    const auto corrected = metrics::holm(p_values);
    for (std::size_t i = 0; i < corrected.size(); ++i) table_.differences[first + i].corrected = corrected[i];
  }

  const Plan& plan_;
  const Test& test_;
  const Problems& problems_;
  Table table_;
  std::vector<std::string> ids_;
  std::optional<std::string> asked_;
  std::map<std::string, std::string> signatures_;
  std::optional<metrics::GroupedBootstrap> bootstrap_;
  std::vector<std::vector<ExampleScores>> scores_;  // by row and seed
  std::vector<std::vector<Resampled>> resampled_;   // by row and column
};

// Of a task that asks no questions: every system's scores.json.
class ScoredTableBuilder {
 public:
  ScoredTableBuilder(const Plan& plan, const Test& test, const std::string& task, const Problems& problems)
      : plan_(plan), test_(test), problems_(problems), table_{.test = test.name, .task = task} {}

  Table build() {
    for (const auto& runs : runs_for(plan_, table_.task)) {
      std::string problem;
      const auto tables = read(runs, problem);
      for (const std::string& answers : answers_to(*runs.front().system, table_.task)) add_row(runs, answers, tables, problem);
    }
    for (std::size_t row = 0; row < table_.rows.size(); ++row) fill(row);
    return std::move(table_);
  }

 private:
  fs::path file_of(const Run& run) const { return run_directory(plan_, run, test_) / "eval" / table_.task / runs::kScoreTableFile; }

  // The trained model's is in the evaluation's folder, the others' are in their own.
  fs::path told_by(const Run& run, const std::string& row, bool is_trained) const {
    const fs::path folder = file_of(run).parent_path();
    return (is_trained ? folder : folder / row) / (table_.task == "melody" ? "scores.jsonl" : "predictions.jsonl");
  }

  // By seed; `problem` says why there are none.
  std::vector<runs::ScoreTable> read(const std::vector<Run>& runs, std::string& problem) {
    std::vector<runs::ScoreTable> tables;
    for (const Run& run : runs) {
      const fs::path file = file_of(run);
      if (const std::string* known = problems_.find(run, test_, table_.task)) problem = *known;
      if (problem.empty() && !fs::exists(file)) problem = fmt::format("{} is not there", file.string());
      if (!problem.empty()) return {};
      tables.push_back(runs::read_score_table(file));
      problem = why_not_comparable(tables.back(), file);
      if (!problem.empty()) return {};
      add_columns(tables.back());
    }
    return tables;
  }

  // Empty where they can be compared with the systems before.
  std::string why_not_comparable(const runs::ScoreTable& scores, const fs::path& file) {
    std::vector<std::string> counted;
    for (const char* tested : {"pieces", "groups", "works", "classes"}) {
      if (scores.counts.contains(tested)) counted.push_back(fmt::format("{} {}", scores.counts[tested].dump(), tested));
    }
    const std::string of = fmt::format("{}", fmt::join(counted, ", "));
    if (table_.of.empty()) {
      table_.of = of;
      table_.settings = scores.settings;
      table_.tested = scores.tested;
    }
    if (table_.of != of)
      return fmt::format("{} is about {}, the systems before are about {}: they cannot be compared", file.string(), of, table_.of);
    if (table_.tested != scores.tested)
      return fmt::format("{} is about others than the systems before, though as many: they cannot be compared", file.string());
    return "";
  }

  void add_columns(const runs::ScoreTable& scores) {
    for (const std::string& name : scores.columns) {
      if (std::ranges::find(table_.columns, name, &Column::name) == table_.columns.end()) table_.columns.push_back({.name = name});
    }
  }

  void add_row(const std::vector<Run>& runs, const std::string& answers, const std::vector<runs::ScoreTable>& tables, std::string problem) {
    const System& system = *runs.front().system;
    Row row{.system = system.name,
            .answers = answers,
            .is_own = answers == answers_to(system, table_.task).front(),
            .problem = std::move(problem)};
    auto& measured = measured_.emplace_back();
    for (std::size_t seed = 0; seed < tables.size(); ++seed) {
      const auto found = std::ranges::find(tables[seed].rows, answers, &runs::ScoreRow::name);
      if (found == tables[seed].rows.end()) {
        row.problem = fmt::format("{} has no row \"{}\"", file_of(runs[seed]).string(), answers);
        break;
      }
      measured.push_back(*found);
      row.unanswered += found->unanswered;
      row.files.push_back(told_by(runs[seed], answers, found == tables[seed].rows.begin()));
    }
    table_.rows.push_back(std::move(row));
  }

  void fill(std::size_t row) {
    if (!table_.rows[row].problem.empty()) return;
    for (const Column& column : table_.columns) table_.rows[row].cells.push_back(cell(measured_[row], column.name));
  }

  static std::optional<Cell> cell(const std::vector<runs::ScoreRow>& seeds, const std::string& column) {
    Cell cell;
    for (const runs::ScoreRow& seed : seeds) {
      const auto found = seed.values.find(column);
      if (found == seed.values.end()) return std::nullopt;
      cell.each_seed.push_back(found->second.value);
      cell.interval = found->second.interval;
    }
    cell.value = mean(cell.each_seed);
    cell.spread = deviation(cell.each_seed);
    if (seeds.size() > 1) cell.interval.reset();
    return cell;
  }

  const Plan& plan_;
  const Test& test_;
  const Problems& problems_;
  Table table_;
  std::vector<std::vector<runs::ScoreRow>> measured_;  // by row and seed
};

struct Trained {
  double tokens = 0, seconds = 0;
};

Trained trained_by(const fs::path& metrics) {
  Trained sum;
  for (const Json& row : runs::read_metrics(metrics)) {
    if (row.contains("split")) continue;
    sum.tokens += json_get<double>(row, "tokens", metrics.string(), "");
    sum.seconds += json_get<double>(row, "seconds", metrics.string(), "");
  }
  return sum;
}

// Of the system's own row of the first test and task, where the evaluation says it.
double clip_tokens_of(const Plan& plan, const Run& run) {
  const auto tasks = tasks_of(plan, *run.system);
  if (tasks.empty()) return 0;
  return scored_row(answers_folder(plan, run, plan.tests.front(), tasks.front(), answers_to(*run.system, tasks.front()).front()))
      .value("clip_tokens", 0.0);
}

SystemCost cost_of(const Plan& plan, const std::vector<Run>& runs, const Problems& problems) {
  const System& system = *runs.front().system;
  SystemCost cost{.system = system.name};
  for (const Run& run : runs) {
    if (const std::string* problem = problems.find(run)) cost.problem = *problem;
    if (!cost.problem.empty()) return cost;
    for (const std::string& stage : system.stages) {
      const Trained trained = trained_by(run.folder / stage / runs::kMetricsFile);
      cost.tokens += trained.tokens / static_cast<double>(runs.size());
      cost.seconds += trained.seconds / static_cast<double>(runs.size());
    }
    for (const auto& [step, of_step] : read_costs(run.folder)) cost.peak_memory = std::max(cost.peak_memory, of_step.peak_memory);
  }
  cost.clip_tokens = clip_tokens_of(plan, runs.front());
  return cost;
}

}  // namespace

std::vector<Row> rows_with_files(const Table& table) {
  std::vector<Row> rows = table.rows;
  std::erase_if(rows, [](const Row& row) { return row.files.empty() || !fs::exists(row.files.front()); });
  return rows;
}

Results collect(const Plan& plan, const Problems& problems) {
  Results results;
  for (const Test& test : plan.tests) {
    for (const std::string& task : plan.tasks) {
      results.tables.push_back(asks_questions(task) ? TableBuilder(plan, test, task, problems).build()
                                                    : ScoredTableBuilder(plan, test, task, problems).build());
    }
  }
  for (const auto& runs : runs_of(plan)) results.costs.push_back(cost_of(plan, runs, problems));
  return results;
}

}  // namespace midillama::experiment
