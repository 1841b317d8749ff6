// A report as JSON and back.
#include "midillama/core/json_reader.h"
#include "midillama/core/json_reason.h"
#include "midillama/eval/report.h"

#include <fmt/format.h>

namespace midillama::eval {
namespace {

OrderedJson to_json(const metrics::Interval& interval) {
  return OrderedJson::array({interval.low, interval.high});
}

OrderedJson to_json(const Metric& metric) {
  OrderedJson json = {{"score", metric.score}, {"signature", metric.signature}};
  if (metric.interval) json["interval"] = to_json(*metric.interval);
  return json;
}

OrderedJson to_json(const TagAccuracy& stated) {
  return {{"score", stated.value()}, {"interval", to_json(stated.interval)}, {"correct", stated.correct}, {"total", stated.total}};
}

OrderedJson to_json(const ReportRow& row) {
  OrderedJson metrics = OrderedJson::object();
  for (const auto& metric : row.metrics) metrics[metric.name] = to_json(metric);
  OrderedJson accuracy = OrderedJson::object();
  for (const auto& entry : row.accuracy) accuracy[entry.tag] = to_json(entry);
  OrderedJson json = {{"name", row.name}, {"label", row.label}, {"metrics", metrics}, {"accuracy", accuracy}};
  if (row.clip_tokens) json["clip_tokens"] = *row.clip_tokens;
  if (row.unanswered > 0) json["unanswered"] = row.unanswered;
  for (const auto& form : row.forms) {
    for (const auto& entry : form.accuracy) json["forms"][form.form][entry.tag] = to_json(entry);
  }
  return json;
}

OrderedJson to_json(const TaskReport& task) {
  OrderedJson rows = OrderedJson::array();
  for (const auto& row : task.rows) rows.push_back(to_json(row));
  return {{"task", task.task}, {"examples", task.examples}, {"rows", rows}};
}

metrics::Interval interval_from_json(const OrderedJson& json) {
  return {json.at(0).get<double>(), json.at(1).get<double>()};
}

Metric metric_from_json(const std::string& name, const OrderedJson& json) {
  Metric metric{
      .name = name, .score = json.at("score").get<double>(), .signature = json.at("signature").get<std::string>(), .interval = {}};
  if (json.contains("interval")) metric.interval = interval_from_json(json["interval"]);
  return metric;
}

std::vector<TagAccuracy> accuracy_from_json(const OrderedJson& json) {
  std::vector<TagAccuracy> accuracy;
  for (const auto& [tag, stated] : json.items()) {
    accuracy.push_back(
        {tag, stated.at("correct").get<std::int64_t>(), stated.at("total").get<std::int64_t>(), interval_from_json(stated.at("interval"))});
  }
  return accuracy;
}

ReportRow row_from_json(const OrderedJson& json) {
  ReportRow row{.name = json.at("name").get<std::string>(), .label = json.at("label").get<std::string>(), .metrics = {}, .accuracy = {}};
  for (const auto& [name, metric] : json.at("metrics").items()) row.metrics.push_back(metric_from_json(name, metric));
  row.accuracy = accuracy_from_json(json.at("accuracy"));
  if (json.contains("clip_tokens")) row.clip_tokens = json["clip_tokens"].get<double>();
  row.unanswered = json.value("unanswered", std::int64_t{0});
  const auto forms = json.value("forms", OrderedJson::object());
  for (const auto& [form, accuracy] : forms.items()) row.forms.push_back({form, accuracy_from_json(accuracy)});
  return row;
}

TaskReport task_from_json(const OrderedJson& json) {
  TaskReport task{.task = json.at("task").get<std::string>(), .examples = json.at("examples").get<std::int64_t>(), .rows = {}};
  for (const auto& row : json.at("rows")) task.rows.push_back(row_from_json(row));
  return task;
}

}  // namespace

OrderedJson to_json(const Report& report) {
  OrderedJson tasks = OrderedJson::array();
  for (const auto& task : report.tasks) tasks.push_back(to_json(task));
  return {{"checkpoint", report.checkpoint}, {"model", report.model},     {"fingerprint", report.fingerprint},
          {"split", report.split},           {"weights", report.weights}, {"tasks", tasks}};
}

Report read_report(const std::filesystem::path& file) {
  const auto refuse = [&](std::string_view reason) {
    return InputError(file.string(), "", fmt::format("not a report of this program ({}); remove it to write a new one", reason));
  };
  const std::string text = read_text(file);
  try {
    const auto json = parse_ordered_json(text, file.string());
    Report report{.checkpoint = json.at("checkpoint").get<std::string>(),
                  .model = json.value("model", std::string()),
                  .fingerprint = json.at("fingerprint").get<std::string>(),
                  .split = json.at("split").get<std::string>(),
                  .weights = json.value("weights", std::string("own"))};
    for (const auto& task : json.at("tasks")) report.tasks.push_back(task_from_json(task));
    return report;
  } catch (const InputError& error) {
    throw refuse(error.what());
  } catch (const OrderedJson::exception& error) {
    throw refuse(reason_of(error));
  }
}

}  // namespace midillama::eval
