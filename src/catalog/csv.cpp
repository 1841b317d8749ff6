#include "midillama/catalog/csv.h"

#include "midillama/core/file.h"
#include "midillama/core/spelling.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::catalog {
namespace {

constexpr char kQuote = '"';
constexpr std::size_t kLongestQuoted = 1 << 20;  // bytes: what is longer has lost its closing mark

struct Place {
  std::size_t line = 0, column = 0;  // from 1 on; a column is a character

  std::string text() const { return fmt::format("line {}, column {}", line, column); }
};

// Takes lines and gives rows.
class RowReader {
 public:
  RowReader(std::string file, const CsvFormat& format, std::function<void(CsvRow&)> on_row)
      : file_(std::move(file)), separator_(format.separator), has_quotes_(format.has_quotes), on_row_(std::move(on_row)) {}

  void add(std::string_view line, std::size_t number) {
    if (in_quotes_) {
      cell_ += '\n';
    } else {
      if (line.empty()) return;
      row_.line = number;
    }
    if (separator_ == '\0') separator_ = told_separator(line);
    split(line, number);
  }

  void finish() const {
    if (in_quotes_) not_closed();
  }

 private:
  // The separator that the line has most of outside of quotation marks.
  char told_separator(std::string_view line) const {
    constexpr std::string_view kSeparators = "\t;,";
    std::size_t counts[kSeparators.size()] = {};
    bool quoted = false;
    for (const char c : line) {
      if (c == kQuote && has_quotes_) quoted = !quoted;
      const std::size_t kind = kSeparators.find(c);
      if (!quoted && kind != std::string_view::npos) ++counts[kind];
    }
    const auto most = std::ranges::max_element(counts);
    return *most == 0 ? ',' : kSeparators[static_cast<std::size_t>(most - counts)];
  }

  // Gathers the cells of a line. The row goes on in the next one where a quotation mark is open at its end.
  void split(std::string_view line, std::size_t number) {
    for (std::size_t at = 0;; ++at) {
      if (has_quotes_ && !in_quotes_ && at < line.size() && line[at] == kQuote) {
        in_quotes_ = true;
        opened_ = place(line, number, at++);
      }
      const bool was_quoted = in_quotes_;
      if (in_quotes_) at = take_quoted(line, at);
      if (in_quotes_) return;
      const std::size_t end = std::min(line.find(separator_, at), line.size());
      if (was_quoted && end > at) complain(fmt::format("column {}: text after a closing quotation mark", place(line, number, at).column));
      cell_ += line.substr(at, end - at);
      row_.cells.push_back(std::move(cell_));
      cell_.clear();
      if (end == line.size()) return finish_row();
      at = end;
    }
  }

  // The part of a quoted cell that is in this line; where the line goes on after it.
  std::size_t take_quoted(std::string_view line, std::size_t at) {
    while (in_quotes_) {
      const std::size_t end = line.find(kQuote, at);
      cell_ += line.substr(at, end - at);
      if (cell_.size() > kLongestQuoted) not_closed();
      if (end == std::string_view::npos) return line.size();
      const bool is_doubled = end + 1 < line.size() && line[end + 1] == kQuote;
      if (is_doubled) cell_ += kQuote;
      in_quotes_ = is_doubled;
      at = end + (is_doubled ? 2 : 1);
    }
    return at;
  }

  void finish_row() {
    on_row_(row_);
    row_.cells.clear();
    row_.problem.clear();
  }

  void complain(std::string what) {
    if (row_.problem.empty()) row_.problem = std::move(what);
  }

  static Place place(std::string_view line, std::size_t number, std::size_t at) {
    const auto begin = line.substr(0, at);
    return {number, 1 + begin.size() - static_cast<std::size_t>(std::ranges::count_if(begin, text::is_continuation))};
  }

  [[noreturn]] void not_closed() const { throw InputError(file_, opened_.text(), "the quotation mark that begins here is not closed"); }

  std::string file_;
  char separator_;
  bool has_quotes_;
  std::function<void(CsvRow&)> on_row_;
  CsvRow row_;
  std::string cell_;
  bool in_quotes_ = false;
  Place opened_;  // the quotation mark
};

std::vector<std::string> column_names(const CsvRow& row, const std::string& file, const std::vector<std::string>& required) {
  const std::string place = fmt::format("line {}", row.line);
  if (!row.problem.empty()) throw InputError(file, place, row.problem);
  std::vector<std::string> names;
  for (const std::string& cell : row.cells) {
    std::string name(text::strip(cell));
    if (!name.empty() && std::ranges::find(names, name) != names.end())
      throw InputError(file, place, fmt::format("names the column \"{}\" twice", name));
    names.push_back(std::move(name));
  }
  for (const std::string& name : required) {
    if (std::ranges::find(names, name) == names.end())
      throw InputError(file, place, fmt::format("names no column \"{}\"{}", name, did_you_mean(name, names)));
  }
  return names;
}

}  // namespace

std::string_view CsvRow::cell(std::string_view column) const {
  const auto found = column.empty() ? columns->end() : std::ranges::find(*columns, column);
  const auto index = static_cast<std::size_t>(found - columns->begin());
  return index < std::min(columns->size(), cells.size()) ? text::strip(cells[index]) : std::string_view();
}

void for_each_csv_row(const std::filesystem::path& file, const CsvFormat& format, const std::vector<std::string>& required,
                      const std::function<void(const CsvRow& row)>& use) {
  std::vector<std::string> columns;
  RowReader reader(file.string(), format, [&](CsvRow& row) {
    if (columns.empty()) {
      columns = column_names(row, file.string(), required);
      return;
    }
    row.columns = &columns;
    if (row.problem.empty() && row.cells.size() != columns.size())
      row.problem = fmt::format("has {} cells, and the table has {} columns", row.cells.size(), columns.size());
    use(row);
  });
  for_each_line(file, [&](std::string_view line, std::size_t number) { reader.add(line, number); });
  reader.finish();
  if (columns.empty()) throw InputError(file.string(), "", "is empty: a line with the columns' names is expected");
}

}  // namespace midillama::catalog
