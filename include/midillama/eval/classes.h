// What `midillama eval --task genre` and style do: a trained classifier and what it is compared with on the tested pieces.
//
// <run.dir>/eval/<task>/scores.json holds a row a model, predictions.jsonl what the trained one told of each piece, <row>/predictions.jsonl
// what the others did.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/runs/score_table.h"

#include <torch/types.h>

#include <filesystem>

namespace midillama::eval {

// `checkpoint`: of the stage classify, which `config` agrees with (runs::as_trained). Rows: the model by classify.model, linear, constant,
// chance (classes/baselines.h). The same checkpoint, pieces and settings give the same table. InputError where the model was trained for
// other classes, or has learnt from what is tested.
runs::ScoreTable evaluate_classes(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device);

// The same of a server's model (system endpoint), which has learnt nothing (classes/zero_shot.h): row endpoint, then constant and chance.
// `settings` says how many pieces have no answer, how long a piece is for the model, and what was cut.
runs::ScoreTable evaluate_served_classes(const config::Config& config);

}  // namespace midillama::eval
