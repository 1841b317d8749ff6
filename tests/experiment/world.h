// An experiment whose program is a script: it writes what training and evaluation would leave.
#pragma once

#include "midillama/core/file.h"
#include "midillama/experiment/plan.h"
#include "midillama/runs/example_scores.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::experiment {

class World {
 public:
  const std::filesystem::path& folder() const { return folder_.path(); }

  Plan plan(std::vector<System> systems) const {
    return {.title = "Two systems",
            .config = "none.yaml",
            .dir = (folder() / "runs").string(),
            .tasks = {"qa"},
            .resamples = 500,
            .systems = std::move(systems),
            .published_by = "",
            .published = {}};
  }

  // A row's answers: `right[i]` of the key of question i, each piece having two questions.
  void answer(const std::filesystem::path& row, const std::vector<double>& right) const {
    runs::ExampleScores scores;
    std::vector<double> asked;
    for (std::size_t i = 0; i < right.size(); ++i) {
      scores.ids.push_back(fmt::format("q{}", i));
      scores.pieces.push_back(fmt::format("piece {}", i / 2));
      asked.push_back(1);
    }
    scores.metrics = {{"meteor", metrics::mean_of_each(right)}};
    scores.accuracies = {{"key", metrics::shares(right, asked)}};
    runs::write_example_scores(row / runs::kExampleScoresFile, scores);
  }

  // An executable that runs these lines of sh with its arguments.
  std::string script(const std::string& lines) const {
    const auto file = folder() / "program";
    write_atomically(file, "#!/bin/sh\n" + lines);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file.string();
  }

 private:
  TemporaryDirectory folder_;
};

}  // namespace midillama::experiment
