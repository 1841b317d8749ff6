// metrics.jsonl: one JSON object a line, on disk as soon as it is written.
#pragma once

#include "midillama/core/file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace midillama::runs {

class MetricsLog {
 public:
  // Keeps the rows of an earlier part of the run up to `last_step` (each step is then there once) and goes on after them; a row that a
  // killed run wrote only half is dropped. 0: begins anew.
  MetricsLog(std::filesystem::path file, std::int64_t last_step);

  void write(const OrderedJson& row);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

// The whole rows of a metrics file, in its order.
std::vector<Json> read_metrics(const std::filesystem::path& file);

// The numbers of the file's lines that are no whole rows; a run that was killed leaves its last line so.
std::vector<std::size_t> broken_lines(const std::filesystem::path& file);

}  // namespace midillama::runs
