#include "eval/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::eval {
namespace {

constexpr std::size_t kGap = 2;  // spaces between columns

std::size_t width_of(const Table& table, std::size_t column) {
  std::size_t width = table.header[column].size();
  for (const auto& row : table.rows) width = std::max(width, row[column].size());
  return width;
}

// The first column and those in [begin, end).
std::string block(const Table& table, const std::vector<std::size_t>& widths, std::size_t begin, std::size_t end) {
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text = fmt::format("{:<{}}", cells[0], widths[0]);
    for (std::size_t column = begin; column < end; ++column) text += fmt::format("{:>{}}", cells[column], widths[column] + kGap);
    return text + '\n';
  };
  std::string text = line(table.header);
  text += std::string(text.size() - 1, '-') + '\n';
  for (const auto& row : table.rows) text += line(row);
  return text;
}

}  // namespace

std::string to_text(const Table& table, std::size_t width) {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < table.header.size(); ++column) widths.push_back(width_of(table, column));
  std::string text;
  for (std::size_t begin = 1; begin < widths.size();) {
    std::size_t end = begin;
    std::size_t used = widths[0];
    while (end < widths.size() && (end == begin || used + kGap + widths[end] <= width)) used += kGap + widths[end++];
    text += (text.empty() ? "" : "\n") + block(table, widths, begin, end);
    begin = end;
  }
  return text;
}

std::string to_markdown(const Table& table) {
  const auto line = [](const std::vector<std::string>& cells) { return fmt::format("| {} |\n", fmt::join(cells, " | ")); };
  std::vector<std::string> rule(table.header.size(), "---:");
  rule[0] = "---";
  std::string text = line(table.header) + line(rule);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

}  // namespace midillama::eval
