#include "midillama/eval/report.h"

#include "eval/table.h"
#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/records/form.h"
#include "midillama/records/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace midillama::eval {
namespace {

constexpr std::size_t kTerminalWidth = 120;
constexpr std::array<std::pair<const char*, const char*>, 4> kMetrics = {
    {{"bleu", "BLEU"}, {"meteor", "METEOR"}, {"rouge_l", "ROUGE-L"}, {"bertscore", "BERTScore"}}};

struct Task {
  const char* name;
  const char* title;
};

// In the order of a report.
constexpr Task kTasks[] = {{"qa", "Question answering"},
                           {"caption", "Captioning"},
                           {records::kUnseenSplit, "Questions in wordings that no training question has"}};

const Task& task_of(const TaskReport& report) {
  const auto* task = std::ranges::find(kTasks, report.task, &Task::name);
  if (task == std::end(kTasks)) throw Error(fmt::format("there is no task \"{}\"", report.task));
  return *task;
}

std::string title(const TaskReport& task) {
  return fmt::format("{}: {} {}", task_of(task).title, task.examples, task.examples == 1 ? "example" : "examples");
}

std::string with_interval(const std::string& value, const metrics::Interval& interval) {
  return fmt::format("{} [{:.3f}, {:.3f}]", value, interval.low, interval.high);
}

std::string metric_cell(const ReportRow& row, const std::string& name) {
  if (row.metrics.empty()) return "-";
  const auto metric = std::ranges::find(row.metrics, name, &Metric::name);
  if (metric == row.metrics.end()) return "not configured";
  const auto value = fmt::format("{:.4f}", metric->score);
  return metric->interval ? with_interval(value, *metric->interval) : value;
}

std::string accuracy_cell(const ReportRow& row, const std::string& tag) {
  const auto entry = std::ranges::find(row.accuracy, tag, &TagAccuracy::tag);
  if (entry == row.accuracy.end()) return "-";
  return with_interval(fmt::format("{:.3f}", entry->value()), entry->interval);
}

const ReportRow* find_row(const TaskReport& task, const std::string& name) {
  const auto row = std::ranges::find(task.rows, name, &ReportRow::name);
  return row == task.rows.end() ? nullptr : &*row;
}

Table metric_table(const TaskReport& task) {
  Table table;
  table.header = {""};
  for (const auto& [name, label] : kMetrics) table.header.push_back(label);
  for (const auto& row : task.rows) {
    auto& cells = table.rows.emplace_back(std::vector{row.label});
    for (const auto& [name, label] : kMetrics) cells.push_back(metric_cell(row, name));
  }
  return table;
}

// Tags of all rows, in the order of the row that has most.
std::vector<TagAccuracy> tags_of(const TaskReport& task) {
  if (task.rows.empty()) return {};
  return std::ranges::max(task.rows, {}, [](const ReportRow& row) { return row.accuracy.size(); }).accuracy;
}

Table accuracy_table(const TaskReport& task) {
  const auto tags = tags_of(task);
  Table table;
  table.header = {"accuracy"};
  for (const auto& tag : tags) table.header.push_back(fmt::format("{} (n = {})", tag.tag, tag.total));
  for (const auto& row : task.rows) {
    auto& cells = table.rows.emplace_back(std::vector{row.label});
    for (const auto& tag : tags) cells.push_back(accuracy_cell(row, tag.tag));
  }
  return table;
}

std::string form_label(const std::string& name) {
  for (const auto form : records::all_forms()) {
    if (records::name_of(form) == name) return records::label_of(form);
  }
  return name;
}

// The facts of the questions with each way of asking, below those of the trained wordings where the report has them.
Table form_table(const TaskReport& task, const TaskReport* trained) {
  const auto tags = tags_of(task);
  Table table;
  table.header = {"accuracy"};
  for (const auto& tag : tags) table.header.push_back(tag.tag);
  const auto add = [&](const std::string& label, const std::vector<TagAccuracy>& accuracy) {
    auto& cells = table.rows.emplace_back(std::vector{label});
    for (const auto& tag : tags) {
      const auto entry = std::ranges::find(accuracy, tag.tag, &TagAccuracy::tag);
      const bool asked = entry != accuracy.end();
      cells.push_back(asked ? with_interval(fmt::format("{:.3f}", entry->value()), entry->interval) : "-");
    }
  };
  for (const auto& row : task.rows) {
    const auto* before = trained == nullptr ? nullptr : find_row(*trained, row.name);
    if (before != nullptr) add(row.label + ", trained wordings", before->accuracy);
    for (const auto& form : row.forms) add(fmt::format("{}, {}", row.label, form_label(form.form)), form.accuracy);
  }
  return table;
}

// Nothing where no question of the task asks in several ways.
std::optional<Table> form_table(const Report& report, const TaskReport& task) {
  const bool has_forms = std::ranges::any_of(task.rows, [](const ReportRow& row) { return !row.forms.empty(); });
  if (!has_forms) return std::nullopt;
  const auto trained = std::ranges::find(report.tasks, "qa", &TaskReport::task);
  return form_table(task, trained == report.tasks.end() ? nullptr : &*trained);
}

// "music as it is: 3 of 60 questions have no answer …" of every row that has such questions.
std::vector<std::string> gaps(const TaskReport& task) {
  std::vector<std::string> lines;
  for (const auto& row : task.rows) {
    if (row.unanswered > 0)
      lines.push_back(fmt::format("{}: {} of {} questions have no answer and count as answered with an empty text", row.label,
                                  row.unanswered, task.examples));
  }
  return lines;
}

// "BLEU: <signature>" of every metric, once.
std::vector<std::string> signatures(const TaskReport& task) {
  std::vector<std::string> lines;
  for (const auto& row : task.rows) {
    for (const auto& metric : row.metrics) {
      const auto known = std::ranges::find(kMetrics, metric.name, [](const auto& entry) { return std::string(entry.first); });
      auto line = fmt::format("{}: {}", known == kMetrics.end() ? metric.name : known->second, metric.signature);
      if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
    }
  }
  return lines;
}

constexpr const char* kExplanation =
    "Brackets are 95 % intervals over the pieces, whose questions are not independent: bootstrap for the text metrics, Wilson's for the "
    "accuracy of the stated facts. \"music shuffled\" hears another clip, \"zero music\" an embedding of zeros, \"mean music\" the mean "
    "embedding of the training "
    "clips, \"no music\" nothing; \"most frequent answer\" is what the training split says most often; the linear probe reads the clip "
    "embedding directly. \"zero-shot\" is the language model before training, with the clip as text or with the question alone.";

// Who answered, in words.
std::string answered_by(const Report& report) {
  if (!report.model.empty()) return fmt::format("Model `{}` of a server", report.model);
  return report.checkpoint.empty() ? "No checkpoint" : fmt::format("Checkpoint `{}`", report.checkpoint);
}

}  // namespace

std::string to_text(const Report& report) {
  std::string text;
  for (const auto& task : report.tasks) {
    text += fmt::format("{}{}\n\n{}", text.empty() ? "" : "\n", title(task), to_text(metric_table(task), kTerminalWidth));
    if (const auto accuracy = accuracy_table(task); accuracy.header.size() > 1) text += '\n' + to_text(accuracy, kTerminalWidth);
    if (const auto forms = form_table(report, task)) text += '\n' + to_text(*forms, kTerminalWidth);
    for (const auto& line : gaps(task)) text += fmt::format("\n{}\n", line);
  }
  return text;
}

std::string to_markdown(const Report& report) {
  std::string text = fmt::format("# Evaluation\n\n{}, split `{}`{}.\n", answered_by(report), report.split,
                                 report.weights == "own" ? "" : fmt::format(", `generate.weights: {}`", report.weights));
  for (const auto& task : report.tasks) {
    text += fmt::format("\n## {}\n\n{}", title(task), to_markdown(metric_table(task)));
    if (const auto accuracy = accuracy_table(task); accuracy.header.size() > 1) text += '\n' + to_markdown(accuracy);
    if (const auto forms = form_table(report, task)) text += '\n' + to_markdown(*forms);
    for (const auto& line : gaps(task)) text += fmt::format("\n{}.\n", line);
    text += '\n';
    for (const auto& line : signatures(task)) text += fmt::format("- {}\n", line);
  }
  return text + fmt::format("\n{}\n", kExplanation);
}

void write_report(Report report, const std::filesystem::path& folder) {
  const auto file = folder / "report.json";
  if (std::filesystem::exists(file)) {
    const auto before = read_report(file);
    for (const auto& task : before.tasks) {
      const bool renewed = std::ranges::find(report.tasks, task.task, &TaskReport::task) != report.tasks.end();
      if (before.fingerprint == report.fingerprint && !renewed) report.tasks.push_back(task);
    }
  }
  std::ranges::sort(report.tasks, {}, [](const TaskReport& task) { return &task_of(task); });
  write_atomically(file, json_text(to_json(report), 2) + '\n');
  write_atomically(folder / "report.md", to_markdown(report));
  log::info("the report is in {}", (folder / "report.md").string());
}

}  // namespace midillama::eval
