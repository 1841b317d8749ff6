// A dataset's statistics as plots: one SVG file each, without scripts and fonts from elsewhere.
#pragma once

#include "midillama/core/file.h"
#include "midillama/corpus/text_statistics.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace midillama::corpus {

// Bars, each with its name and number, the longest as wide as there is room.
struct BarChart {
  std::string title;
  std::string unit;  // of the numbers: "clips"
  std::vector<std::pair<std::string, double>> bars = {};
};
std::string to_svg(const BarChart& chart);

// The plots of a dataset, by file name: the values of each tag over all splits, questions a tag, lengths of questions, answers and
// captions, and what the annotations say. `statistics` is dataset.json.
std::map<std::string, std::string> charts_of(const OrderedJson& statistics, const TextStatistics& texts,
                                             const std::map<std::string, FieldShares>& annotations);

}  // namespace midillama::corpus
