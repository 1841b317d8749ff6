// A table of texts, for a terminal and in Markdown.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace midillama::eval {

// ASCII. The first column names the rows and is on the left, the others on the right.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

// Aligned columns. Where the table is wider than `width`, columns that do not fit follow in further tables below, each with the first
// column.
std::string to_text(const Table& table, std::size_t width);
std::string to_markdown(const Table& table);

}  // namespace midillama::eval
