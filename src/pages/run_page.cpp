#include "midillama/pages/run_page.h"

#include "midillama/config/schema.h"
#include "midillama/core/error.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/json_reason.h"
#include "midillama/core/numbers.h"
#include "midillama/pages/evaluation.h"
#include "midillama/pages/examples.h"
#include "midillama/records/split.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "midillama/runs/loss_curve.h"
#include "midillama/runs/metrics.h"
#include "midillama/runs/trainer_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace midillama::pages {
namespace fs = std::filesystem;
namespace {

constexpr const char* kEvalFolder = "eval";
constexpr const char* kReportFile = "report.json";
constexpr const char* kScoresFile = "scores.json";
constexpr const char* kPredictionsFile = "predictions.jsonl";
constexpr const char* kTasks[] = {"qa", "caption", records::kUnseenSplit};
// The order of rows where no report says it.
constexpr const char* kRows[] = {"true", "shuffled", "zero", "mean", "none", "zero-shot", "most-frequent", "linear-probe"};

// The names of the folders in `folder`: those of `known` first, in its order.
std::vector<std::string> folders_in(const fs::path& folder, std::span<const std::string> known) {
  std::vector<std::string> names;
  if (!fs::is_directory(folder)) return names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  const auto place = [&](const std::string& name) { return std::pair(std::ranges::find(known, name) - known.begin(), name); };
  std::ranges::sort(names, {}, place);
  return names;
}

// Training

struct Stage {
  std::string name;
  fs::path folder;
  std::vector<Json> train = {}, valid = {};           // rows of the metrics, in order
  std::vector<std::size_t> broken = {};               // lines of the metrics that are no rows
  std::optional<runs::TrainerState> checkpoint = {};  // the newest
};

Stage read_stage(const fs::path& folder) {
  Stage stage{.name = folder.filename().string(), .folder = folder};
  for (Json& row : runs::read_metrics(folder / runs::kMetricsFile)) {
    auto& rows = row.value("split", "train") == "valid" ? stage.valid : stage.train;
    rows.push_back(std::move(row));
  }
  stage.broken = runs::broken_lines(folder / runs::kMetricsFile);
  const auto checkpoints = runs::CheckpointStore(folder, 1).all();
  if (!checkpoints.empty() && fs::exists(checkpoints.back() / runs::kStateFile))
    stage.checkpoint = runs::TrainerState::read(checkpoints.back());
  return stage;
}

std::vector<Stage> read_stages(const fs::path& run) {
  std::vector<Stage> stages;
  for (const std::string& name : folders_in(run, config::stage_names())) {
    const fs::path folder = run / name;
    if (fs::exists(folder / runs::kMetricsFile) || fs::exists(folder / runs::kConfigFile)) stages.push_back(read_stage(folder));
  }
  return stages;
}

std::int64_t steps_of(const Stage& stage) {
  return stage.train.empty() ? 0 : stage.train.back().at("step").get<std::int64_t>();
}

// Of the rows that have it.
std::vector<double> column(const std::vector<Json>& rows, const char* key) {
  std::vector<double> values;
  for (const Json& row : rows) {
    if (row.contains(key) && row[key].is_number()) values.push_back(row[key].get<double>());
  }
  return values;
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::string rounded(double value) {
  return with_commas(std::llround(value));
}

// "1 h 02 min", "4 min 07 s", "12 s"
std::string duration_of(double seconds) {
  const std::int64_t whole = std::llround(seconds);
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  return whole >= 60 ? fmt::format("{} min {:02} s", whole / 60, whole % 60) : fmt::format("{} s", whole);
}

bool is_unfinished(const Stage& stage) {
  return stage.checkpoint ? stage.checkpoint->step < stage.checkpoint->steps : true;
}

Cell steps_cell(const Stage& stage) {
  Cell cell{.text = with_commas(steps_of(stage))};
  if (stage.checkpoint && is_unfinished(stage)) cell.note = fmt::format("of {}", with_commas(stage.checkpoint->steps));
  return cell;
}

Cell loss_cell(const std::vector<Json>& rows) {
  if (rows.empty()) return {"–"};
  return {.text = fmt::format("{:.4f}", rows.back().at("loss").get<double>()),
          .note = fmt::format("step {}", with_commas(rows.back().at("step").get<std::int64_t>()))};
}

std::vector<Cell> facts_of(const Stage& stage) {
  const auto seconds = column(stage.train, "seconds"), tokens = column(stage.train, "tokens");
  const auto speed = column(stage.train, "tokens_per_second");
  return {{stage.name},
          steps_cell(stage),
          {seconds.empty() ? "–" : duration_of(sum_of(seconds))},
          {tokens.empty() ? "–" : rounded(sum_of(tokens))},
          {speed.empty() ? "–" : rounded(median_of(speed))},
          loss_cell(stage.train),
          loss_cell(stage.valid)};
}

Section training_section(const std::vector<Stage>& stages, const fs::path& run) {
  Section section{.heading = "Training"};
  if (stages.empty()) {
    section.blocks.emplace_back(Paragraph{fmt::format("Nothing was trained in {}.", run.string()), true});
    return section;
  }
  Table table{.caption = "Stages",
              .header = {"Stage", "Steps", "Time of the steps", "Tokens", "Tokens/s (median)", "Training loss", "Validation loss"},
              .rows = {}};
  for (const Stage& stage : stages) table.rows.push_back(facts_of(stage));
  section.blocks.emplace_back(std::move(table));
  for (const Stage& stage : stages) {
    if (!stage.broken.empty())
      section.blocks.emplace_back(
          Paragraph{fmt::format("{}: lines of {} are no rows of metrics and left out: {}, the first is line {}.", stage.name,
                                (stage.folder / runs::kMetricsFile).string(), stage.broken.size(), stage.broken.front()),
                    true});
    if (!is_unfinished(stage)) continue;
    const std::string where = stage.checkpoint ? fmt::format("its last checkpoint is of step {} of {}", with_commas(stage.checkpoint->step),
                                                             with_commas(stage.checkpoint->steps))
                                               : "it has no checkpoint yet";
    section.blocks.emplace_back(Paragraph{
        fmt::format("{} is not finished: {}. midillama train --stage {} --resume goes on.", stage.name, where, stage.name), true});
  }
  return section;
}

std::vector<runs::Point> points_of(const std::vector<Json>& rows) {
  std::vector<runs::Point> points;
  for (const Json& row : rows) points.push_back({row.at("step").get<double>(), row.at("loss").get<double>()});
  return points;
}

std::string curve_description(const Stage& stage) {
  std::string text = fmt::format("Training loss of {} over {} steps", stage.name, with_commas(steps_of(stage)));
  if (!stage.valid.empty()) text += fmt::format("; validation loss {:.4f} at its end", stage.valid.back().at("loss").get<double>());
  return text + ".";
}

Section stage_section(const Stage& stage) {
  Section section{.heading = stage.name};
  if (stage.train.empty()) {
    section.blocks.emplace_back(Paragraph{"No step was taken yet.", true});
  } else {
    section.blocks.emplace_back(
        Figure{runs::draw_loss_curve(stage.name, points_of(stage.train), points_of(stage.valid)), curve_description(stage)});
  }
  const fs::path config = stage.folder / runs::kConfigFile;
  if (fs::exists(config)) section.blocks.emplace_back(Code{"Configuration", read_text(config)});
  return section;
}

// Evaluation

// A report.json or scores.json.
OrderedJson read_report(const fs::path& file) {
  return parse_ordered_json(read_text(file), file.string());
}

// Of one task with one model, settings and questions: numbers of different ones cannot be compared.
struct Evaluation {
  std::string fingerprint, checkpoint;
  std::int64_t examples = 0;
  bool is_same(const Evaluation& other) const { return fingerprint == other.fingerprint && examples == other.examples; }
};

struct Row {
  std::string name;
  OrderedJson measured;  // as in report.json
  Evaluation evaluation;
};

// What evaluation left of one task, in the order in which it is shown.
struct Task {
  std::string name;
  std::string split;
  std::vector<Row> rows = {};
};

// The rows that a report.json or scores.json has of the task, in the place of older ones of their names.
void read_rows(Task& task, const OrderedJson& report) {
  task.split = report.at("split");
  for (const OrderedJson& of : report.at("tasks")) {
    if (of.at("task") != task.name) continue;
    const Evaluation evaluation = {report.at("fingerprint"), report.at("checkpoint"), of.at("examples")};
    for (const OrderedJson& measured : of.at("rows")) {
      Row row = {measured.at("name"), measured, evaluation};
      const auto known = std::ranges::find(task.rows, row.name, &Row::name);
      if (known == task.rows.end())
        task.rows.push_back(std::move(row));
      else
        *known = std::move(row);
    }
  }
}

template <typename Read>
void read_part(const fs::path& file, Read&& read) {
  if (!fs::exists(file)) return;
  try {
    read(read_report(file));
  } catch (const OrderedJson::exception& error) {
    throw InputError(
        file.string(), "",
        fmt::format("not a report of this program ({}): where it is removed, midillama eval writes it anew", reason_of(error)));
  }
}

std::vector<Task> read_tasks(const fs::path& run) {
  const fs::path folder = run / kEvalFolder;
  const std::vector<std::string> known_tasks(std::begin(kTasks), std::end(kTasks)), known_rows(std::begin(kRows), std::end(kRows));
  std::vector<Task> tasks;
  for (const std::string& name : folders_in(folder, known_tasks)) {
    Task task{.name = name, .split = {}};
    const auto read = [&](const OrderedJson& report) { read_rows(task, report); };
    read_part(folder / kReportFile, read);
    // At least as new as the report's.
    for (const std::string& row : folders_in(folder / name, known_rows)) read_part(folder / name / row / kScoresFile, read);
    if (!task.rows.empty()) tasks.push_back(std::move(task));
  }
  return tasks;
}

// Of each task the rows of one evaluation together, that of the first row first.
OrderedJson report_of(const std::vector<Task>& tasks) {
  OrderedJson all = OrderedJson::array();
  for (const Task& task : tasks) {
    std::vector<Row> left = task.rows;
    while (!left.empty()) {
      const Evaluation evaluation = left.front().evaluation;
      const auto is_of_it = [&](const Row& row) { return row.evaluation.is_same(evaluation); };
      const auto others = std::ranges::stable_partition(left, is_of_it);
      OrderedJson rows = OrderedJson::array();
      for (auto row = left.begin(); row != others.begin(); ++row) rows.push_back(row->measured);
      all.push_back({{"task", task.name},
                     {"examples", evaluation.examples},
                     {"checkpoint", evaluation.checkpoint},
                     {"fingerprint", evaluation.fingerprint},
                     {"rows", rows}});
      left.erase(left.begin(), others.begin());
    }
  }
  return {{"tasks", all}};
}

// The row's own, or those of another run that was evaluated beside this one and is named by its folder.
fs::path predictions_of(const fs::path& run, const std::string& task, const std::string& row) {
  const fs::path own = run / kEvalFolder / task / row / kPredictionsFile;
  return fs::exists(own) ? own : fs::path(row) / kEvalFolder / task / "true" / kPredictionsFile;
}

Examples examples_of(const fs::path& run, const std::vector<Task>& tasks, const RunPageOptions& options) {
  Examples examples;
  for (const Task& task : tasks) {
    ExampleSource source{.task = task_title(task.name), .data_dir = options.data_dir, .split = task.split, .answers = {}};
    for (const Row& row : task.rows) {
      const fs::path predictions = predictions_of(run, task.name, row.name);
      if (fs::exists(predictions)) source.answers.push_back({row.measured.value("label", row.name), predictions});
    }
    add_examples(examples, source, options.examples);
  }
  return examples;
}

// Which answers are not there, and the commands that write them.
std::vector<Block> missing_tasks(const std::vector<Task>& tasks) {
  std::vector<Block> blocks;
  for (const char* name : kTasks) {
    if (std::ranges::find(tasks, name, &Task::name) != tasks.end()) continue;
    blocks.emplace_back(
        Paragraph{fmt::format("{}: no evaluation yet. midillama eval --task {} --music all makes it.", task_title(name), name), true});
  }
  return blocks;
}

}  // namespace

Page page_of_run(const fs::path& run, const RunPageOptions& options) {
  if (!fs::is_directory(run)) throw InputError(run.string(), "", "is no folder: the directory of a run is expected, as runs/folk");
  const std::vector<Stage> stages = read_stages(run);
  const std::vector<Task> tasks = read_tasks(run);
  if (stages.empty() && tasks.empty())
    throw InputError(run.string(), "", "is no run: it holds neither a stage that was trained nor an evaluation");

  Page page{.title = fmt::format("Run {}", fs::weakly_canonical(run).filename().string()), .subtitle = run.string()};
  page.sections.push_back(training_section(stages, run));
  for (Section& section : evaluation_sections(report_of(tasks), (run / kEvalFolder).string())) page.sections.push_back(std::move(section));
  if (auto missing = missing_tasks(tasks); !missing.empty()) page.sections.push_back({"Not evaluated", std::move(missing)});
  for (const Stage& stage : stages) page.sections.push_back(stage_section(stage));
  page.examples = examples_of(run, tasks, options);
  return page;
}

}  // namespace midillama::pages
