// scores.json: what an evaluation measured of each of several models on the same pieces or groups (docs/formats.md).
//
//   {"task", "counts": {"pieces": n, "works": n, …}, "tested": "…", "columns": ["f1_micro", …],
//    "rows": [{"name": "cnn", "unanswered": n, "values": {"f1_micro": {"value": v, "low": l, "high": h}, …}}, …], "settings": {…}}
#pragma once

#include "midillama/core/file.h"
#include "midillama/metrics/intervals.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace midillama::runs {

inline constexpr const char* kScoreTableFile = "scores.json";

struct MeasuredValue {
  double value = 0;
  std::optional<metrics::Interval> interval = {};  // none where the value is known exactly
};

struct ScoreRow {
  std::string name;                             // of the model
  std::map<std::string, MeasuredValue> values;  // by column; what is not defined is not there
  std::int64_t unanswered = 0;                  // pieces that a server gave no answer about
};

struct ScoreTable {
  std::string task;
  OrderedJson counts = OrderedJson::object();  // whole numbers: of what was measured
  std::string tested = {};                     // a fingerprint of it, and of what is right
  std::vector<std::string> columns = {};       // metrics, in the order in which they are shown
  std::vector<ScoreRow> rows = {};             // the model that was trained first
  OrderedJson settings = OrderedJson::object();
};

OrderedJson to_json(const ScoreTable& table);
// A table for a terminal: a line a metric, a column a model.
std::string to_text(const ScoreTable& table);

// Atomically.
void write_score_table(const std::filesystem::path& file, const ScoreTable& table);
// InputError naming file, row and key.
ScoreTable read_score_table(const std::filesystem::path& file);

}  // namespace midillama::runs
