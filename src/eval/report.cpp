#include "midillama/eval/report.h"

#include "eval/table.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace midillama::eval {
namespace {

constexpr std::size_t kTerminalWidth = 120;
constexpr std::array<std::pair<const char*, const char*>, 4> kMetrics = {
    {{"bleu", "BLEU"}, {"meteor", "METEOR"}, {"rouge_l", "ROUGE-L"}, {"bertscore", "BERTScore"}}};

std::string title(const TaskReport& task) {
  return fmt::format("{}: {} {}", task.task == "qa" ? "Question answering" : "Captioning", task.examples,
                     task.examples == 1 ? "example" : "examples");
}

std::string with_interval(const std::string& value, const metrics::Interval& interval) {
  return fmt::format("{} [{:.3f}, {:.3f}]", value, interval.low, interval.high);
}

std::string metric_cell(const Row& row, const std::string& name) {
  if (row.metrics.empty()) return "-";
  const auto metric = std::ranges::find(row.metrics, name, &Metric::name);
  if (metric == row.metrics.end()) return "not configured";
  const auto value = fmt::format("{:.4f}", metric->score);
  return metric->interval ? with_interval(value, *metric->interval) : value;
}

std::string accuracy_cell(const Row& row, const std::string& tag) {
  const auto entry = std::ranges::find(row.accuracy, tag, &TagAccuracy::tag);
  if (entry == row.accuracy.end()) return "-";
  return with_interval(fmt::format("{:.3f}", entry->value()), entry->interval());
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
  return std::ranges::max(task.rows, {}, [](const Row& row) { return row.accuracy.size(); }).accuracy;
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
    "Brackets are 95 % intervals over the examples, taken as independent: bootstrap for METEOR, ROUGE-L and BERTScore, Wilson's for the "
    "accuracy of the stated "
    "facts. \"music shuffled\" hears another clip, \"zero music\" an embedding of zeros, \"no music\" no musical token; \"most frequent "
    "answer\" is what the training "
    "split says most often; the linear probe reads the clip embedding directly.";

}  // namespace

std::string to_text(const Report& report) {
  std::string text;
  for (const auto& task : report.tasks) {
    text += fmt::format("{}{}\n\n{}", text.empty() ? "" : "\n", title(task), to_text(metric_table(task), kTerminalWidth));
    if (const auto accuracy = accuracy_table(task); accuracy.header.size() > 1) text += '\n' + to_text(accuracy, kTerminalWidth);
  }
  return text;
}

std::string to_markdown(const Report& report) {
  std::string text = fmt::format("# Evaluation\n\nCheckpoint `{}`, split `{}`.\n", report.checkpoint, report.split);
  for (const auto& task : report.tasks) {
    text += fmt::format("\n## {}\n\n{}", title(task), to_markdown(metric_table(task)));
    if (const auto accuracy = accuracy_table(task); accuracy.header.size() > 1) text += '\n' + to_markdown(accuracy);
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
  write_atomically(file, json_text(to_json(report), 2) + '\n');
  write_atomically(folder / "report.md", to_markdown(report));
  log::info("the report is in {}", (folder / "report.md").string());
}

}  // namespace midillama::eval
