#include "catalog/entries.h"

#include <fmt/format.h>

namespace midillama::catalog {

OrderedJson label_of(std::string_view text) {
  if (text.find_first_of("-0123456789") != 0) return text;
  OrderedJson number = OrderedJson::parse(text, nullptr, false);
  const bool is_whole = text.find_first_of(".eE") == std::string_view::npos;
  const bool fits = number.is_number_integer() || (number.is_number_float() && !is_whole);
  return fits ? number : OrderedJson(text);
}

Entry entry_of(const CsvRow& row, std::string_view file) {
  Entry entry;
  entry.place = fmt::format("line {}", row.line);
  entry.file = file;
  entry.problem = row.problem;
  if (entry.problem.empty() && entry.file.empty()) entry.problem = "names no file";
  return entry;
}

void add_label(Entry& entry, const CsvRow& row, const std::string& column) {
  if (const std::string_view cell = row.cell(column); !cell.empty()) entry.labels[column] = label_of(cell);
}

}  // namespace midillama::catalog
