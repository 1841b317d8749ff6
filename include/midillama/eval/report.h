// The result of an evaluation: one table a task, one row for each way of answering.
#pragma once

#include "midillama/core/file.h"
#include "midillama/eval/accuracy.h"
#include "midillama/eval/scoring.h"
#include "midillama/runs/example_scores.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace midillama::eval {

struct ReportRow {
  std::string name;             // of systems::kinds(), linear-probe, or another run's folder
  std::string label;            // for people
  std::vector<Metric> metrics;  // empty for the linear probe, which writes no text
  std::vector<TagAccuracy> accuracy;
  std::optional<double> clip_tokens = {};  // that the model reads of a clip; nothing where nothing is heard, or nobody here can count them
  std::int64_t unanswered = 0;             // questions whose answers are empty because calls of a server failed
  std::vector<FormAccuracy> forms = {};    // of task unseen
  runs::ExampleScores examples = {};       // none where the row was read from a report
};

struct TaskReport {
  std::string task;  // qa, caption, unseen
  std::int64_t examples = 0;
  std::vector<ReportRow> rows;
};

struct Report {
  std::string checkpoint = {};   // the directory; empty where nothing that was trained answers
  std::string model = {};        // of the server that answers, where one does
  std::string fingerprint = {};  // of model, settings and questions
  std::string split = {};
  std::string weights = "own";  // that answered: generate.weights
  std::vector<TaskReport> tasks = {};
};

// Tables of at most 120 columns where a single column allows it: the text metrics, then the accuracy of the stated facts.
std::string to_text(const Report& report);
std::string to_markdown(const Report& report);
OrderedJson to_json(const Report& report);
// A report.json; InputError where it is none.
Report read_report(const std::filesystem::path& file);

// Writes report.md and report.json to `folder`. Tasks that the report.json there holds for the same fingerprint stay, after those of
// `report` where they are not in it.
void write_report(Report report, const std::filesystem::path& folder);

}  // namespace midillama::eval
