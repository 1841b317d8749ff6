// What the stage classify learns and its evaluation asks for: the classes, and the pieces of each part with theirs.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/pieces/piece_sets.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace midillama::classes {

struct Task {
  std::string name;                       // genre, style
  std::string label;                      // of pieces.jsonl, whose values are the classes
  bool multi_label = false;               // a piece may be of several
  std::vector<std::string> classes = {};  // sorted: those of the pieces of classify.pieces.train
  pieces::Parts parts = {};               // every piece is of one of the classes at least, of no others, and of one only unless multi_label
  std::int64_t left_out = 0;   // pieces of either part that have a value of the label, but are of none of the classes, or of several
  std::int64_t of_others = 0;  // tested pieces that are of others beside the classes, which do not count

  // Whether the piece is of each class.
  std::vector<bool> truth(const pieces::Piece& piece) const;
};

// A piece of several classes is left out unless config.classify.multi_label. Labels of the training pieces are renamed by
// config.classify.mapping first. The fold that is tested is drawn from all pieces that have the label, so that it is the same whatever is
// learnt from; of the other ones, labels that fewer than config.classify.min_pieces have are left out. Labels of the tested pieces that are
// none of the classes are left out: a class that nobody learnt cannot be told. ConfigError where classify.pieces.train is empty; InputError
// where there are fewer than two classes, or a part has no piece.
Task read_task(const config::Config& config);

// [pieces][classes]: how likely a piece is of a class, 0 to 1; of a piece they add up to 1 unless the task is of several labels.
using Scores = std::vector<std::vector<double>>;

// Which classes a piece is told to be of: the likeliest, the first of equal ones, and none where all are 0: nothing was told; with several
// labels those of .5 and more.
std::vector<bool> answer(const Task& task, const std::vector<double>& scores);

}  // namespace midillama::classes
