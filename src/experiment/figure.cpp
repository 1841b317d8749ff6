#include "experiment/labels.h"
#include "midillama/experiment/report.h"
#include "midillama/text/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace midillama::experiment {
namespace {

// In pixels.
constexpr double kNames = 190, kPanel = 170, kGap = 22, kRow = 22, kHead = 58, kFoot = 30, kMargin = 16;
constexpr double kDot = 4.5;

constexpr const char* kColour = "#17616b";
constexpr const char* kOthers = "#c2410c";
constexpr const char* kFaint = "#d8d5cd";

std::string text_at(double x, double y, const std::string& content, const char* style = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, style, text::xml_text(content));
}

std::string line(double x1, double y1, double x2, double y2, const char* colour, double width) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"{}\"/>\n", x1, y1, x2, y2,
                     colour, width);
}

std::string diamond(double x, double y) {
  return fmt::format("<path d=\"M{:.1f} {:.1f}l5 5l-5 5l-5 -5z\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", x, y - 5, kOthers);
}

// The systems' own rows that have numbers.
std::vector<const Row*> rows_of(const Table& table) {
  std::vector<const Row*> rows;
  for (const Row& row : table.rows) {
    if (row.is_own && row.problem.empty()) rows.push_back(&row);
  }
  return rows;
}

const Published* published_of(const Plan& plan, const Row& row) {
  return plan.find_published(std::ranges::find(plan.systems, row.system, &System::name)->published);
}

// One metric of a table: from 0 to the next tenth above everything in it.
class Panel {
 public:
  Panel(const Plan& plan, const Table& table, std::size_t column, double left, double top)
      : plan_(plan), table_(table), rows_(rows_of(table)), column_(column), left_(left), top_(top) {
    double most = 0.1;
    for (const Row* row : rows_) {
      if (const auto& cell = row->cells[column]) most = std::max(most, cell->interval ? cell->interval->high : cell->value);
      if (const auto value = published(*row)) most = std::max(most, *value);
    }
    most_ = std::ceil(most * 10) / 10;
  }

  std::string draw() const {
    const double bottom = top_ + kHead + kRow * static_cast<double>(rows_.size());
    std::string svg = text_at(left_, top_ + kHead - 14, label_of(table_.columns[column_]), "font-weight=\"600\"");
    for (const double tick : {0.0, most_ / 2, most_}) {
      svg += line(place(tick), top_ + kHead - 6, place(tick), bottom, kFaint, 1);
      svg += text_at(place(tick), bottom + 14, fmt::format("{:g}", tick), "text-anchor=\"middle\" font-size=\"10\" fill=\"#6b7178\"");
    }
    double y = top_ + kHead + kRow / 2;
    for (const Row* row : rows_) {
      svg += draw(*row, y);
      y += kRow;
    }
    return svg;
  }

 private:
  double place(double value) const { return left_ + kPanel * value / most_; }

  std::optional<double> published(const Row& row) const {
    const Published* published = published_of(plan_, row);
    return published == nullptr ? std::nullopt : published->value(table_.task, table_.columns[column_].name);
  }

  std::string draw(const Row& row, double y) const {
    std::string svg;
    if (const auto& cell = row.cells[column_]) {
      if (cell->interval) svg += line(place(cell->interval->low), y, place(cell->interval->high), y, kColour, 2);
      svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\"/>\n", place(cell->value), y, kDot, kColour);
    }
    if (const auto value = published(row)) svg += diamond(place(*value), y);
    return svg;
  }

  const Plan& plan_;
  const Table& table_;
  std::vector<const Row*> rows_;
  std::size_t column_;
  double left_, top_;
  double most_ = 1;
};

double height_of(const Table& table) {
  return kHead + kRow * static_cast<double>(rows_of(table).size()) + kFoot;
}

std::size_t metrics_of(const Table& table) {
  return static_cast<std::size_t>(std::ranges::count(table.columns, false, &Column::is_tag));
}

std::string draw(const Plan& plan, const Table& table, double top) {
  std::string svg = text_at(kMargin, top + 22, title_of(plan, table), "font-size=\"15\" font-weight=\"600\"");
  double y = top + kHead + kRow / 2 + 4;
  for (const Row* row : rows_of(table)) {
    svg += text_at(kMargin + kNames - 12, y, row->system, "text-anchor=\"end\"");
    y += kRow;
  }
  for (std::size_t column = 0; column < metrics_of(table); ++column) {
    svg += Panel(plan, table, column, kMargin + kNames + static_cast<double>(column) * (kPanel + kGap), top).draw();
  }
  return svg;
}

}  // namespace

std::string draw(const Plan& plan, const Results& results) {
  std::string body;
  double top = kMargin;
  std::size_t metrics = 0;
  for (const Table& table : results.tables) {
    body += draw(plan, table, top);
    top += height_of(table);
    metrics = std::max(metrics, metrics_of(table));
  }
  if (!plan.published.empty()) body += text_at(kMargin, top + 8, "Diamonds: " + plan.published_by, "fill=\"#c2410c\"");
  const double width = 2 * kMargin + kNames + static_cast<double>(metrics) * (kPanel + kGap), height = top + 2 * kMargin;
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"system-ui, "
             "sans-serif\" font-size=\"12\" fill=\"#3b4249\" role=\"img\">\n<title>{2}</title>\n<rect width=\"{0}\" height=\"{1}\" "
             "fill=\"#ffffff\"/>\n",
             width, height, text::xml_text(plan.title)) +
         body + "</svg>\n";
}

}  // namespace midillama::experiment
