#include "midillama/corpus/charts.h"

#include "midillama/text/xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace midillama::corpus {
namespace {

// In pixels.
constexpr double kNames = 220, kBars = 420, kNumbers = 90, kRow = 24, kTop = 56, kBottom = 16;
constexpr std::size_t kMostBins = 24;  // of a plot of lengths

// A file name of a tag's name.
std::string file_name(const std::string& kind, const std::string& name) {
  std::string file = kind + "-";
  for (const char c : name) file += std::string_view("/\\ ").find(c) == std::string_view::npos ? c : '-';
  return file + ".svg";
}

// Clips of each value of a tag, the most frequent first.
BarChart values_chart(const OrderedJson& statistics, const std::string& tag) {
  BarChart chart{.title = tag, .unit = "clips"};
  std::map<std::string, double> counts;
  for (const auto& [name, split] : statistics.at("splits").items()) {
    const auto of_tag = split.at("tags").find(tag);
    if (of_tag == split.at("tags").end()) continue;
    for (const auto& [value, count] : of_tag->items()) counts[value] += count.get<double>();
  }
  chart.bars.assign(counts.begin(), counts.end());
  std::ranges::stable_sort(chart.bars, [](const auto& a, const auto& b) { return a.second > b.second; });
  return chart;
}

// Texts by their lengths, in bins of one width.
BarChart lengths_chart(const std::string& kind, const TextStatistics& texts) {
  BarChart chart{.title = fmt::format("{} by their {}", kind, texts.unit), .unit = "texts"};
  Lengths all;
  for (const auto& [split, kinds] : texts.lengths) {
    const auto lengths = kinds.find(kind);
    if (lengths == kinds.end()) continue;
    for (const auto& [length, count] : lengths->second) all[length] += count;
  }
  if (all.empty()) return chart;
  const std::size_t width = all.rbegin()->first / kMostBins + 1;
  std::map<std::size_t, std::size_t> bins;
  for (std::size_t bin = all.begin()->first / width; bin <= all.rbegin()->first / width; ++bin) bins[bin] = 0;
  for (const auto& [length, count] : all) bins[length / width] += count;
  for (const auto& [bin, count] : bins) {
    const auto from = bin * width, to = from + width - 1;
    chart.bars.emplace_back(from == to ? fmt::format("{}", from) : fmt::format("{} to {}", from, to), static_cast<double>(count));
  }
  return chart;
}

BarChart tags_chart(const TextStatistics& texts) {
  BarChart chart{.title = "lines about each tag", .unit = "lines"};
  std::map<std::string, double> counts;
  for (const auto& [split, tags] : texts.tags) {
    for (const auto& [tag, count] : tags) counts[tag] += static_cast<double>(count);
  }
  chart.bars.assign(counts.begin(), counts.end());
  return chart;
}

BarChart annotations_chart(const std::map<std::string, FieldShares>& annotations) {
  BarChart chart{.title = "annotations of works", .unit = "works"};
  for (const auto& [field, counts] : annotations) {
    chart.bars.emplace_back(field + ": label", static_cast<double>(counts.labels));
    chart.bars.emplace_back(field + ": not enough information", static_cast<double>(counts.not_enough));
    chart.bars.emplace_back(field + ": unsupported", static_cast<double>(counts.unsupported));
  }
  return chart;
}

}  // namespace

std::string to_svg(const BarChart& chart) {
  const double width = kNames + kBars + kNumbers, height = kTop + kRow * static_cast<double>(chart.bars.size()) + kBottom;
  double most = 0;
  for (const auto& [name, value] : chart.bars) most = std::max(most, value);
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n<title>{2}</title>\n"
      "<rect width=\"{0:.0f}\" height=\"{1:.0f}\" fill=\"#ffffff\"/>\n"
      "<text x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"bold\">{2}</text>\n"
      "<text x=\"{3:.0f}\" y=\"28\" text-anchor=\"end\" fill=\"#555555\">{4}</text>\n",
      width, height, text::xml_text(chart.title), width - 16, text::xml_text(chart.unit));
  double y = kTop;
  for (const auto& [name, value] : chart.bars) {
    const double length = most > 0 ? kBars * value / most : 0;
    svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"end\">{}</text>\n", kNames - 8, y + 13, text::xml_text(name));
    svg +=
        fmt::format("<rect x=\"{:.0f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\" fill=\"#3b6ea5\"/>\n", kNames, y, length, kRow - 6);
    svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" fill=\"#333333\">{:.0f}</text>\n", kNames + length + 6, y + 13, value);
    y += kRow;
  }
  return svg + "</svg>\n";
}

std::map<std::string, std::string> charts_of(const OrderedJson& statistics, const TextStatistics& texts,
                                             const std::map<std::string, FieldShares>& annotations) {
  std::map<std::string, std::string> charts;
  const auto add = [&](const std::string& file, const BarChart& chart) {
    if (!chart.bars.empty()) charts[file] = to_svg(chart);
  };
  for (const auto& [tag, values] : statistics.at("vocabulary").items()) add(file_name("tag", tag), values_chart(statistics, tag));
  add("questions.svg", tags_chart(texts));
  for (const char* kind : {"questions", "answers", "captions"}) add(file_name("lengths", kind), lengths_chart(kind, texts));
  add("annotations.svg", annotations_chart(annotations));
  return charts;
}

}  // namespace midillama::corpus
