#include "midillama/runs/score_table.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::runs {
namespace fs = std::filesystem;
namespace {

std::string cell(const ScoreRow& row, const std::string& column) {
  const auto found = row.values.find(column);
  if (found == row.values.end()) return "-";
  const auto& [value, interval] = found->second;
  return interval ? fmt::format("{:.3f} [{:.3f}, {:.3f}]", value, interval->low, interval->high) : fmt::format("{:.3f}", value);
}

// "618 pieces, 590 works"
std::string describe(const OrderedJson& counts) {
  std::vector<std::string> parts;
  for (const auto& [what, count] : counts.items()) parts.push_back(fmt::format("{} {}", count.dump(), what));
  return fmt::format("{}", fmt::join(parts, ", "));
}

MeasuredValue value_of(const Json& json, const std::string& file, const std::string& place) {
  MeasuredValue measured{.value = json_get<double>(json, "value", file, place)};
  if (json.contains("low") || json.contains("high"))
    measured.interval = {json_get<double>(json, "low", file, place), json_get<double>(json, "high", file, place)};
  return measured;
}

}  // namespace

OrderedJson to_json(const ScoreTable& table) {
  OrderedJson rows = OrderedJson::array();
  for (const ScoreRow& row : table.rows) {
    OrderedJson values = OrderedJson::object();
    for (const std::string& column : table.columns) {
      const auto found = row.values.find(column);
      if (found == row.values.end()) continue;
      OrderedJson& value = values[column] = {{"value", found->second.value}};
      if (found->second.interval) value.update({{"low", found->second.interval->low}, {"high", found->second.interval->high}});
    }
    OrderedJson& written = rows.emplace_back(OrderedJson{{"name", row.name}});
    if (row.unanswered > 0) written["unanswered"] = row.unanswered;
    written["values"] = std::move(values);
  }
  return {{"task", table.task},       {"counts", table.counts},  {"tested", table.tested},
          {"columns", table.columns}, {"rows", std::move(rows)}, {"settings", table.settings}};
}

std::string to_text(const ScoreTable& table) {
  std::vector<std::vector<std::string>> lines = {{""}};
  for (const ScoreRow& row : table.rows) lines.front().push_back(row.name);
  for (const std::string& column : table.columns) {
    lines.push_back({column});
    for (const ScoreRow& row : table.rows) lines.back().push_back(cell(row, column));
  }
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text = fmt::format("{}: {}\n", table.task, describe(table.counts));
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) row += fmt::format("{:<{}}  ", line[i], widths[i]);
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

void write_score_table(const fs::path& file, const ScoreTable& table) {
  write_atomically(file, json_text(to_json(table), 2) + "\n");
}

ScoreTable read_score_table(const fs::path& file) {
  const std::string name = file.string();
  const OrderedJson json = parse_ordered_json(read_text(file), name);
  const Json sorted = json;
  ScoreTable table{.task = json_get<std::string>(sorted, "task", name, "")};
  table.tested = json_get<std::string>(sorted, "tested", name, "");
  table.columns = json_get<std::vector<std::string>>(sorted, "columns", name, "");
  for (const auto& [key, part] : {std::pair{"counts", &table.counts}, std::pair{"settings", &table.settings}}) {
    json_get<Json::object_t>(sorted, key, name, "");
    *part = json.at(key);
  }
  for (const Json& row : json_get<Json::array_t>(sorted, "rows", name, "")) {
    ScoreRow& read =
        table.rows.emplace_back(ScoreRow{json_get<std::string>(row, "name", name, fmt::format("row {}", table.rows.size())), {}});
    const std::string place = fmt::format("row \"{}\"", read.name);
    if (row.contains("unanswered")) read.unanswered = json_get<std::int64_t>(row, "unanswered", name, place);
    for (const auto& [column, value] : json_get<Json::object_t>(row, "values", name, place))
      read.values[column] = value_of(value, name, fmt::format("{}: {}", place, column));
  }
  return table;
}

}  // namespace midillama::runs
