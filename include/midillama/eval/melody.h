// Melody completion: which of several phrases follows this one? What `midillama eval --task melody` does.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/runs/score_table.h"

#include <torch/types.h>

#include <filesystem>

namespace midillama::eval {

// The groups are melody/groups.h's, of the pieces that melody.pieces tests on; eval.max_examples takes that many. Ranked by
//
//   transformer   the trained model: the log odds that the candidate follows (model/melody_transformer.h)
//   n-gram        melody/ngram.h, learnt from the same pieces as the model
//   key-register  melody/key_register.h
//   musicbert     the cosine of both phrases' means of music_encoder.path's note vectors, less the mean of phrases that are learnt from;
//                 left out, with a word in the log, where there is no such folder
//   random        what chance gives, exactly
//
// <run.dir>/eval/melody/scores.json has MAP and HITS@1/5/10/15/20/25 with 95 % intervals by a bootstrap over works; scores.jsonl each
// candidate's score by the model, and ROW/scores.jsonl by every other row. `checkpoint`: of the stage melody, which `config` agrees with
// (runs::as_trained). The same checkpoint, pieces and settings give the same table. InputError where the model has learnt from what is
// tested.
runs::ScoreTable evaluate_melody(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device);

}  // namespace midillama::eval
