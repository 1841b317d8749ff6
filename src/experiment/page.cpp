#include "midillama/experiment/page.h"

#include "experiment/labels.h"
#include "experiment/melody_examples.h"
#include "experiment/piece_examples.h"
#include "midillama/experiment/report.h"
#include "midillama/pages/examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace midillama::experiment {
namespace {

constexpr double kSignificant = 0.05;
constexpr double kMebibyte = 1 << 20;

pages::Cell cell_of(const std::optional<Cell>& cell) {
  if (!cell) return {.text = "–"};
  const std::string spread = cell->spread ? fmt::format(" ± {}", number(*cell->spread)) : "";
  return {.text = number(cell->value) + spread,
          .note = cell->interval ? interval_text(*cell->interval) : "",
          .share = std::clamp(cell->value, 0.0, 1.0)};
}

std::vector<pages::Cell> cells_of(const Table& table, const Row& row, bool are_tags) {
  std::vector<pages::Cell> cells = {{.text = label_of(row), .note = row.problem}};
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].is_tag == are_tags) cells.push_back(row.cells.empty() ? pages::Cell{.text = "–"} : cell_of(row.cells[i]));
  }
  return cells;
}

std::vector<pages::Cell> published_cells(const Plan& plan, const Table& table, const Published& published) {
  std::vector<pages::Cell> cells = {{.text = published.name, .note = plan.published_by}};
  for (const Column& column : table.columns) {
    if (column.is_tag) continue;
    const auto value = published.value(table.task, column.name);
    cells.push_back({.text = value ? number(*value) : "–"});
  }
  return cells;
}

pages::Table table_of(const Plan& plan, const Table& table, bool are_tags) {
  pages::Table shown{.caption = are_tags ? "Accuracy of the stated facts" : "Metrics", .header = {""}, .rows = {}};
  for (const Column& column : table.columns) {
    if (column.is_tag == are_tags)
      shown.header.push_back(are_tags ? fmt::format("{} (n = {})", label_of(column), column.count) : label_of(column));
  }
  for (const Row& row : table.rows) shown.rows.push_back(cells_of(table, row, are_tags));
  if (are_tags) return shown;
  for (const Published& row : plan.published) shown.rows.push_back(published_cells(plan, table, row));
  return shown;
}

pages::Table differences_of(const Table& table) {
  pages::Table shown{.caption = fmt::format("Differences below {} after Holm's correction", number(kSignificant)),
                     .header = {"", "of", "difference", "p, corrected"},
                     .rows = {}};
  for (const Difference& difference : table.differences) {
    if (difference.corrected >= kSignificant) continue;
    shown.rows.push_back({{.text = fmt::format("{} less {}", label_of(table.rows[difference.one]), label_of(table.rows[difference.other]))},
                          {.text = label_of(table.columns[difference.column])},
                          {.text = signed_number(difference.value), .note = interval_text(difference.interval)},
                          {.text = fmt::format("{:.2g}", difference.corrected)}});
  }
  return shown;
}

pages::Table costs_of(const Results& results) {
  pages::Table shown{.caption = "Cost of a training",
                     .header = {"", "trained tokens, thousands", "seconds of steps", "peak memory, MiB", "tokens a clip"},
                     .rows = {}};
  const auto measured = [](double value) { return pages::Cell{.text = value == 0 ? "–" : fmt::format("{:.0f}", value)}; };
  for (const SystemCost& cost : results.costs) {
    shown.rows.push_back({{.text = cost.system, .note = cost.problem},
                          measured(cost.tokens / 1000),
                          measured(cost.seconds),
                          measured(static_cast<double>(cost.peak_memory) / kMebibyte),
                          measured(cost.clip_tokens)});
  }
  return shown;
}

// The answers of each system's first seed.
void add_examples(pages::Examples& examples, const Plan& plan, const Table& table, std::size_t most) {
  const config::Config config = configuration(plan, std::ranges::find(plan.tests, table.test, &Test::name)->set);
  pages::ExampleSource source{.task = title_of(plan, table),
                              .data_dir = config.data.dir,
                              .split = table.task == "unseen" ? table.task : config.data.test_split,
                              .answers = {}};
  for (const Row& row : rows_with_files(table)) source.answers.push_back({label_of(row), row.files.front()});
  if (!source.answers.empty()) pages::add_examples(examples, source, most);
}

using AddExamples = void (*)(pages::Examples& examples, const Plan& plan, const Table& table, std::size_t most);

AddExamples examples_of(const std::string& task) {
  if (asks_questions(task)) return add_examples;
  return task == "melody" ? add_melody_examples : add_piece_examples;
}

}  // namespace

pages::Page page_of(const Plan& plan, const Results& results, std::size_t most) {
  pages::Page page{.title = plan.title};
  page.sections.push_back({.heading = "At a glance",
                           .blocks = {pages::Figure{.svg = draw(plan, results),
                                                    .description = "Text metrics of the systems with 95 % intervals over the pieces"}}});
  for (const Table& table : results.tables) {
    pages::Section section{.heading = fmt::format("{}: {}", title_of(plan, table), table.of)};
    section.blocks = {table_of(plan, table, false)};
    if (asks_questions(table.task)) section.blocks.emplace_back(table_of(plan, table, true));
    if (pages::Table differences = differences_of(table); !differences.rows.empty()) section.blocks.emplace_back(std::move(differences));
    page.sections.push_back(std::move(section));
    examples_of(table.task)(page.examples, plan, table, most);
  }
  pages::Section cost{.heading = "Cost and method", .blocks = {costs_of(results)}};
  for (const std::string& line : explanations(plan, results)) cost.blocks.emplace_back(pages::Paragraph{.text = line});
  page.sections.push_back(std::move(cost));
  return page;
}

}  // namespace midillama::experiment
