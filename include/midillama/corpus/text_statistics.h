// How long the texts of a dataset are, how many questions each tag has, and what its annotations say: what dataset.json does not count.
#pragma once

#include "midillama/core/file.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace midillama::corpus {

// How many texts have each length.
using Lengths = std::map<std::size_t, std::size_t>;

struct TextStatistics {
  std::string unit;                                                     // of the lengths: tokens, words
  std::map<std::string, std::map<std::string, Lengths>> lengths = {};   // by split, and by questions, answers, captions
  std::map<std::string, std::map<std::string, std::size_t>> tags = {};  // lines by split and tag
};

// Of one text.
using LengthOf = std::function<std::size_t(std::string_view text)>;

// Reads the splits once, line by line. `length_of` counts in `unit`; without one, words are counted.
TextStatistics text_statistics(const std::filesystem::path& directory, const LengthOf& length_of = nullptr,
                               const std::string& unit = "words");

// The least length that so large a share of the texts does not exceed; 0 where there are none.
std::size_t percentile(const Lengths& lengths, double share);

// Of annotations.jsonl: fields that are labels, that the texts say nothing about, and whose evidence did not hold. Empty where there is no
// such file.
struct FieldShares {
  std::size_t labels = 0, not_enough = 0, unsupported = 0;
  std::size_t all() const { return labels + not_enough + unsupported; }
};
std::map<std::string, FieldShares> annotation_shares(const std::filesystem::path& directory);

// Both as JSON ("texts", "annotations") and as a table for a terminal.
OrderedJson to_json(const TextStatistics& statistics);
OrderedJson to_json(const std::map<std::string, FieldShares>& shares);
std::string text_of(const TextStatistics& statistics);
std::string text_of(const std::map<std::string, FieldShares>& shares);

}  // namespace midillama::corpus
