// The numbers of an experiment's table, from what the evaluations left: examples.jsonl of every system, seed and row.
#pragma once

#include "midillama/core/file.h"
#include "midillama/experiment/execute.h"
#include "midillama/experiment/plan.h"
#include "midillama/metrics/intervals.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace midillama::experiment {

// One number of the table: the mean over a system's seeds.
struct Cell {
  double value = 0;
  // 95 %, by bootstrap over the pieces; nothing where the number is exact, or where it is a mean of seeds that were measured each alone.
  std::optional<metrics::Interval> interval = {};
  std::optional<double> spread = {};  // standard deviation over the seeds; nothing for one
  std::vector<double> each_seed = {};
};

struct Column {
  std::string name;  // bleu, meteor, …, or the name of a tag
  bool is_tag = false;
  std::int64_t count = 0;  // examples, or facts that are asked for
  std::size_t pieces = 0;  // that they are about
};

struct Row {
  std::string system;
  std::string answers;                            // true, shuffled, …
  bool is_own = false;                            // the system's own row, not one without its music
  std::string problem = {};                       // why there are no numbers; empty where there are
  std::vector<std::optional<Cell>> cells = {};    // by column; nothing where the row has no such number (the linear probe writes no text)
  std::vector<std::filesystem::path> files = {};  // by seed: what it answered (predictions.jsonl), or scored (melody: scores.jsonl)
  std::int64_t unanswered =
      0;  // questions or pieces to which a server gave no answer, over the seeds: they count as empty texts, or as told nothing
};

// Row `one` less row `other` in a column, of the same resamples.
struct Difference {
  std::size_t one = 0, other = 0;  // rows
  std::size_t column = 0;
  double value = 0;
  metrics::Interval interval;
  double p_value = 1;
  double corrected = 1;  // Holm's, over the differences in this column of the same table
};

// Of one test and task.
struct Table {
  std::string test;
  std::string task;
  std::string of = {};  // "1,500 questions about 348 pieces"
  std::int64_t examples = 0;
  std::int64_t pieces = 0;
  std::vector<Column> columns = {};
  std::vector<Row> rows = {};
  OrderedJson settings = OrderedJson::object();  // of genre, style and melody: those of the first system's evaluation
  std::string tested = {};                       // ... and the fingerprint of what it was about
  std::vector<Difference> differences = {};      // between the systems' own rows, and of each to its system's others
};

// Those whose first seed's file is there.
std::vector<Row> rows_with_files(const Table& table);

// What a system has cost, the mean over its seeds.
struct SystemCost {
  std::string system;
  std::string problem = {};
  double tokens = 0;             // that its stages have trained on
  double seconds = 0;            // of their steps
  std::int64_t peak_memory = 0;  // bytes, the largest of all its steps
  double clip_tokens = 0;        // of a clip as the language model reads it
};

struct Results {
  std::vector<Table> tables;
  std::vector<SystemCost> costs;
};

// InputError where an evaluation left something unreadable. A row whose questions, references or way of measuring are not those of the rows
// before has no numbers but the reason.
Results collect(const Plan& plan, const Problems& problems);

}  // namespace midillama::experiment
