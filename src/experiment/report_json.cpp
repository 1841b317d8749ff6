#include "experiment/labels.h"
#include "midillama/experiment/report.h"

namespace midillama::experiment {
namespace {

OrderedJson to_json(const metrics::Interval& interval) {
  return OrderedJson::array({interval.low, interval.high});
}

OrderedJson to_json(const Cell& cell) {
  OrderedJson json = {{"value", cell.value}};
  if (cell.interval) json["interval"] = to_json(*cell.interval);
  if (cell.spread) json["spread"] = *cell.spread;
  json["seeds"] = cell.each_seed;
  return json;
}

OrderedJson to_json(const Table& table, const Row& row) {
  OrderedJson json = {{"system", row.system}, {"answers", row.answers}, {"label", label_of(row)}};
  if (!row.problem.empty()) json["problem"] = row.problem;
  OrderedJson values = OrderedJson::object();
  for (std::size_t i = 0; i < row.cells.size(); ++i) {
    if (row.cells[i]) values[table.columns[i].is_tag ? "accuracy" : "metrics"][table.columns[i].name] = to_json(*row.cells[i]);
  }
  json.update(values);
  OrderedJson files = OrderedJson::array();
  for (const auto& file : row.files) files.push_back(file.string());
  json["predictions"] = files;
  return json;
}

OrderedJson to_json(const Table& table, const Difference& difference) {
  return {{"one", label_of(table.rows[difference.one])},
          {"other", label_of(table.rows[difference.other])},
          {"of", table.columns[difference.column].name},
          {"value", difference.value},
          {"interval", to_json(difference.interval)},
          {"p", difference.p_value},
          {"p_holm", difference.corrected}};
}

OrderedJson to_json(const Plan& plan, const Table& table) {
  OrderedJson json = {{"test", table.test}, {"task", table.task}, {"of", table.of}};
  if (asks_questions(table.task)) json.update({{"examples", table.examples}, {"pieces", table.pieces}});
  OrderedJson rows = OrderedJson::array(), differences = OrderedJson::array(), published = OrderedJson::array();
  for (const Row& row : table.rows) rows.push_back(to_json(table, row));
  for (const Difference& difference : table.differences) differences.push_back(to_json(table, difference));
  for (const Published& row : plan.published) {
    OrderedJson numbers = {{"name", row.name}, {"by", plan.published_by}};
    for (const char* metric : {"bleu", "meteor", "rouge_l", "bertscore"}) {
      if (const auto value = row.value(table.task, metric)) numbers[metric] = *value;
    }
    if (numbers.size() > 2) published.push_back(numbers);
  }
  json["rows"] = rows;
  json["differences"] = differences;
  json["published"] = published;
  return json;
}

OrderedJson to_json(const SystemCost& cost) {
  OrderedJson json = {{"system", cost.system}};
  if (!cost.problem.empty()) return json["problem"] = cost.problem, json;
  json.update(
      {{"trained_tokens", cost.tokens}, {"seconds", cost.seconds}, {"peak_memory", cost.peak_memory}, {"clip_tokens", cost.clip_tokens}});
  return json;
}

}  // namespace

OrderedJson to_json(const Plan& plan, const Results& results) {
  OrderedJson tables = OrderedJson::array(), costs = OrderedJson::array();
  for (const Table& table : results.tables) tables.push_back(to_json(plan, table));
  for (const SystemCost& cost : results.costs) costs.push_back(to_json(cost));
  return {{"title", plan.title}, {"resamples", plan.resamples}, {"tables", tables}, {"costs", costs}};
}

}  // namespace midillama::experiment
