#include "midillama/runs/example_scores.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace midillama::runs {
namespace {

constexpr double kRight = 1;

bool is_bleu(const metrics::Additive& metric) {
  return metric.width == metrics::kBleuCounts;
}

OrderedJson to_json(const metrics::Additive& metric, std::size_t example) {
  const auto counts = metric.of(example);
  if (is_bleu(metric)) return std::vector<std::int64_t>(counts.begin(), counts.end());
  return counts[0];
}

OrderedJson line_of(const ExampleScores& scores, std::size_t example) {
  OrderedJson line = {{"id", scores.ids[example]}, {"piece", scores.pieces[example]}};
  for (const auto& [name, metric] : scores.metrics) line[name] = to_json(metric, example);
  OrderedJson facts = OrderedJson::object();
  for (const auto& [tag, accuracy] : scores.accuracies) {
    if (const auto counts = accuracy.of(example); counts[1] > 0) facts[tag] = counts[0] == kRight;
  }
  line["facts"] = facts;
  return line;
}

// What one line has under a name: a value or counts.
using Values = std::vector<double>;

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()) {
    for_each_json_line(file, [&](const Json& row, std::size_t line) { read(row, fmt::format("line {}", line)); });
    if (scores_.ids.empty()) throw InputError(file_, "", "there is no example in the file");
  }

  ExampleScores scores() {
    for (auto& [name, values] : metrics_) scores_.metrics.emplace_back(name, metric_of(name, values));
    for (const auto& [tag, fact] : facts_) scores_.accuracies.emplace_back(tag, metrics::shares(fact.right, fact.asked));
    return std::move(scores_);
  }

 private:
  struct Fact {
    std::vector<double> right, asked;
  };

  void read(const Json& row, const std::string& place) {
    scores_.ids.push_back(json_get<std::string>(row, "id", file_, place));
    scores_.pieces.push_back(json_get<std::string>(row, "piece", file_, place));
    for (const auto& [name, value] : row.items()) {
      if (value.is_number()) metrics_[name].push_back({value.get<double>()});
      if (value.is_array()) metrics_[name].push_back(json_get<Values>(row, name, file_, place));
    }
    for (const auto& [tag, is_right] : json_get<std::map<std::string, bool>>(row, "facts", file_, place)) {
      Fact& fact = facts_[tag];
      fact.right.resize(scores_.ids.size() - 1), fact.asked.resize(scores_.ids.size() - 1);
      fact.right.push_back(is_right ? kRight : 0), fact.asked.push_back(1);
    }
    for (auto& [tag, fact] : facts_) fact.right.resize(scores_.ids.size()), fact.asked.resize(scores_.ids.size());
    for (const auto& [name, values] : metrics_) {
      if (values.size() != scores_.ids.size()) throw InputError(file_, place, fmt::format("\"{}\" must be in every line, and once", name));
    }
  }

  metrics::Additive metric_of(const std::string& name, const std::vector<Values>& lines) const {
    Values all;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].size() != lines[0].size() || (lines[i].size() != 1 && lines[i].size() != metrics::kBleuCounts))
        throw InputError(file_, fmt::format("example {}", scores_.ids[i]),
                         fmt::format("\"{}\" must be a number, or {} counts, in all lines alike", name, metrics::kBleuCounts));
      all.insert(all.end(), lines[i].begin(), lines[i].end());
    }
    return lines[0].size() == 1 ? metrics::mean_of_each(all) : metrics::bleu_of_counts(std::move(all));
  }

  std::string file_;
  ExampleScores scores_;
  std::map<std::string, std::vector<Values>> metrics_;
  std::map<std::string, Fact> facts_;
};

}  // namespace

const metrics::Additive* ExampleScores::find(const std::vector<NamedAdditive>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &NamedAdditive::first);
  return found == list.end() ? nullptr : &found->second;
}

void write_example_scores(const std::filesystem::path& file, const ExampleScores& scores) {
  std::string lines;
  for (std::size_t i = 0; i < scores.ids.size(); ++i) lines += json_line(line_of(scores, i));
  write_atomically(file, lines);
}

ExampleScores read_example_scores(const std::filesystem::path& file) {
  return Reader(file).scores();
}

}  // namespace midillama::runs
