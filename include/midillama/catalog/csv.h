// Tables as text: a row of column names, then a row a line, cells parted by a separator.
//
// Cells may be quoted as RFC 4180 says: "…" around a cell that holds separators, line ends or quotation marks, which are doubled in it. A
// quotation mark anywhere else is an ordinary character. Lines end in LF, CR LF or CR (in a cell they are read as LF), the file may begin
// with a byte order mark, empty lines are passed over. Bytes are not looked at: cells have the encoding of the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::catalog {

struct CsvFormat {
  char separator = '\0';  // '\0': tab, semicolon or comma, whichever the first line has most of
  bool has_quotes = true;
};

struct CsvRow {
  std::size_t line = 0;                               // where it begins, from 1 on
  const std::vector<std::string>* columns = nullptr;  // of the table: each name once
  std::vector<std::string> cells;
  std::string problem;  // what is wrong with the row, with its place in the line; empty where nothing is

  // The cell in a column, without white space around it; empty where the row or the table has none, and for a column
  // without a name.
  std::string_view cell(std::string_view column) const;
};

// Calls `use` with each row; only one is in memory. A row with more or fewer cells than columns, or with text after a closing quotation
// mark, has a `problem`. InputError naming file and place where the file cannot be read, has no row of names or one of them twice, lacks
// one of `required`, or a quotation mark is not closed.
void for_each_csv_row(const std::filesystem::path& file, const CsvFormat& format, const std::vector<std::string>& required,
                      const std::function<void(const CsvRow& row)>& use);

}  // namespace midillama::catalog
