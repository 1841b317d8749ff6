// Answers the questions of a split and scores the answers: what `midillama eval` does.
//
// <run.dir>/eval/<task>/<row>/ holds what each way of answering gave: predictions.jsonl and scores.json (and source.json, which tells
// whether the predictions still hold). <run.dir>/eval/requests.jsonl has every call of an endpoint. <run.dir>/eval/report.md and
// report.json hold the full comparison.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/eval/report.h"
#include "midillama/parallel/process_group.h"

#include <torch/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::eval {

struct EvalOptions {
  std::string task = "qa";                      // qa, caption; unseen: the questions of records::kUnseenSplit
  std::vector<std::string> systems = {"true"};  // what answers: names of systems::kinds()
  bool leaves_out = false;                      // those of them that cannot be, which the log says
  bool writes_report = false;                   // report.md and report.json, with a linear probe where a system hears clip embeddings
  std::filesystem::path checkpoint;             // a checkpoint directory: see runs::find_checkpoint(); empty where none is needed
  std::string split;                            // empty: data.test_split, or of task unseen its own
  std::filesystem::path beside = {};            // another run whose answers to the same questions are scored, too; empty: none
};

// eval.max_examples takes that many questions of the task, evenly spread over the split. The ranks share the questions; rank 0 scores,
// writes and gets the report, the others an empty one. Predictions that are there for the same checkpoint, data and settings are used
// again, which the log says. InputError where `beside` has not answered all of the questions, music as it is. ConfigError where the
// configuration asks for what cannot be had; UsageError where a system cannot be; InputError where the split has no question of the task.
Report evaluate(const config::Config& config, const EvalOptions& options, torch::Device device, parallel::ProcessGroup& group);

}  // namespace midillama::eval
