#include "experiment/labels.h"
#include "midillama/experiment/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::experiment {
namespace {

constexpr double kSignificant = 0.05;
constexpr double kMebibyte = 1 << 20;

using Line = std::vector<std::string>;

// Text between bars, which must have none of its own.
std::string plain(std::string text) {
  std::ranges::replace(text, '|', '/');
  std::ranges::replace(text, '\n', ' ');
  return text;
}

std::string markdown_line(const Line& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += fmt::format(" {} |", plain(cell));
  return line + '\n';
}

std::string markdown_table(const Line& header, const std::vector<Line>& lines) {
  std::string text = markdown_line(header);
  text += "|---|";
  for (std::size_t i = 1; i < header.size(); ++i) text += "---:|";
  text += '\n';
  for (const Line& line : lines) text += markdown_line(line);
  return text;
}

std::string cell_text(const std::optional<Cell>& cell) {
  if (!cell) return "–";
  const std::string spread = cell->spread ? fmt::format(" ± {}", number(*cell->spread)) : "";
  return fmt::format("{}{}{}", number(cell->value), spread, cell->interval ? ' ' + interval_text(*cell->interval) : "");
}

// The columns of one kind, by their number.
std::vector<std::size_t> columns_of(const Table& table, bool are_tags) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].is_tag == are_tags) columns.push_back(i);
  }
  return columns;
}

Line row_line(const Row& row, const std::vector<std::size_t>& columns) {
  Line line = {label_of(row)};
  if (!row.problem.empty()) {
    line.push_back(row.problem);
    line.resize(std::max<std::size_t>(columns.size(), 1) + 1);
    return line;
  }
  for (const std::size_t column : columns) line.push_back(cell_text(row.cells[column]));
  return line;
}

const System& system_named(const Plan& plan, const std::string& name) {
  return *std::ranges::find(plan.systems, name, &System::name);
}

// What others measured of the system of this row; nothing where they state none of it.
Line published_line(const Plan& plan, const Table& table, const Row& row, const std::vector<std::size_t>& columns) {
  const Published* published = plan.find_published(system_named(plan, row.system).published);
  if (!row.is_own || published == nullptr) return {};
  Line line = {fmt::format("*{}: {}*", plan.published_by, published->name)};
  bool is_stated = false;
  for (const std::size_t column : columns) {
    const auto value = published->value(table.task, table.columns[column].name);
    is_stated = is_stated || value;
    line.push_back(value ? fmt::format("*{}*", number(*value)) : "–");
  }
  return is_stated || published->is_empty() ? line : Line();
}

std::string metric_table(const Plan& plan, const Table& table) {
  const auto columns = columns_of(table, false);
  Line header = {""};
  for (const std::size_t column : columns) header.push_back(label_of(table.columns[column]));
  if (columns.empty()) header.emplace_back("why there are no numbers");
  std::vector<Line> lines;
  for (const Row& row : table.rows) {
    lines.push_back(row_line(row, columns));
    if (Line published = published_line(plan, table, row, columns); !published.empty()) lines.push_back(std::move(published));
  }
  return markdown_table(header, lines);
}

std::string accuracy_table(const Table& table) {
  const auto columns = columns_of(table, true);
  Line header = {"accuracy of the stated facts"};
  for (const std::size_t column : columns)
    header.push_back(fmt::format("{} (n = {})", label_of(table.columns[column]), table.columns[column].count));
  std::vector<Line> lines;
  for (const Row& row : table.rows) lines.push_back(row_line(row, columns));
  return markdown_table(header, lines);
}

const Difference* find_difference(const Table& table, std::size_t one, std::size_t other, std::size_t column) {
  const auto found = std::ranges::find_if(table.differences, [&](const Difference& difference) {
    return difference.one == one && difference.other == other && difference.column == column;
  });
  return found == table.differences.end() ? nullptr : &*found;
}

std::string difference_text(const Difference* difference) {
  if (difference == nullptr) return "–";
  const char* mark = difference->corrected < kSignificant ? "**" : "";
  return fmt::format("{}{}{} {}", mark, signed_number(difference->value), mark, interval_text(difference->interval));
}

// The first row beside every other one that it is compared with.
std::string difference_table(const Table& table) {
  if (table.differences.empty()) return "";
  Line header = {fmt::format("{} less …", label_of(table.rows.front()))};
  for (const Column& column : table.columns) header.push_back(label_of(column));
  std::vector<Line> lines;
  for (std::size_t other = 1; other < table.rows.size(); ++other) {
    Line line = {label_of(table.rows[other])};
    bool is_compared = false;
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      const Difference* difference = find_difference(table, 0, other, column);
      is_compared = is_compared || difference != nullptr;
      line.push_back(difference_text(difference));
    }
    if (is_compared) lines.push_back(std::move(line));
  }
  return lines.empty() ? "" : markdown_table(header, lines);
}

std::string cost_table(const Results& results) {
  const auto measured = [](double value, const char* format) { return value == 0 ? "–" : fmt::format(fmt::runtime(format), value); };
  std::vector<Line> lines;
  for (const SystemCost& cost : results.costs) {
    Line line = {cost.system};
    if (!cost.problem.empty()) {
      line.insert(line.end(), {cost.problem, "", "", ""});
    } else {
      line.push_back(measured(cost.tokens / 1000, "{:.0f}"));
      line.push_back(measured(cost.seconds, "{:.0f}"));
      line.push_back(measured(static_cast<double>(cost.peak_memory) / kMebibyte, "{:.0f}"));
      line.push_back(measured(cost.clip_tokens, "{:.1f}"));
    }
    lines.push_back(std::move(line));
  }
  return markdown_table({"cost of a training", "trained tokens, thousands", "seconds of steps", "peak memory, MiB", "tokens a clip"},
                        lines);
}

// Where questions are asked, and where whole pieces are told.
struct Kinds {
  bool questions = false;
  bool pieces = false;
};

Kinds kinds_of(const Results& results) {
  Kinds kinds;
  for (const Table& table : results.tables) (asks_questions(table.task) ? kinds.questions : kinds.pieces) = true;
  return kinds;
}

std::string resampled_text(const Kinds& kinds) {
  if (!kinds.pieces) return "pieces";
  return kinds.questions ? "pieces, of genre, style and melody over the works" : "works";
}

std::string explanation_of(const Kinds& kinds, std::int64_t resamples, std::size_t differences) {
  std::string text = fmt::format(
      "A number is the mean over a system's seeds, ± their standard deviation where there are several; brackets are 95 % intervals by a "
      "bootstrap over the {} ({} resamples), since answers about one are not independent. A difference is of the same resamples; it is "
      "bold where it differs from 0 at the 5 % level by the normal distribution with the resamples' standard deviation, after Holm's "
      "correction over all differences in its column ({} of them in the JSON file). A dash is a number that there is none of: what is not "
      "trained has no cost of it{}. Peak memory is the host's, of the largest of training and evaluation, and of the first system that "
      "hears clips in its way it is that of encoding them, which the others find done; seconds are those of the optimizer's steps alone.",
      resampled_text(kinds), resamples, differences, kinds.questions ? ", a linear probe writes no text" : "");
  if (kinds.questions)
    text +=
        " Rows \"music shuffled\" hear another clip, \"zero music\" an embedding of zeros, \"mean music\" the mean of the training clips' "
        "embeddings, \"no music\" nothing. Unanswered questions, to which a server gave no answer, count as empty texts.";
  if (kinds.pieces) text += " Unanswered pieces, to which a server gave no answer that names a class, count as told nothing.";
  return text;
}

}  // namespace

std::vector<std::string> explanations(const Plan& plan, const Results& results) {
  std::size_t differences = 0;
  for (const Table& table : results.tables) differences += table.differences.size();
  std::vector<std::string> lines;
  for (const System& system : plan.systems) {
    if (!system.note.empty()) lines.push_back(fmt::format("{}: {}.", system.name, system.note));
  }
  lines.push_back(explanation_of(kinds_of(results), plan.resamples, differences));
  return lines;
}

std::string to_markdown(const Plan& plan, const Results& results) {
  std::string text = fmt::format("# {}\n", plan.title);
  for (const Table& table : results.tables) {
    text += fmt::format("\n## {}: {}\n\n{}", title_of(plan, table), table.of, metric_table(plan, table));
    if (!columns_of(table, true).empty()) text += '\n' + accuracy_table(table);
    if (const std::string compared = difference_table(table); !compared.empty()) text += '\n' + compared;
  }
  text += fmt::format("\n## Cost\n\n{}", cost_table(results));
  for (const std::string& line : explanations(plan, results)) text += fmt::format("\n{}\n", line);
  return text;
}

}  // namespace midillama::experiment
