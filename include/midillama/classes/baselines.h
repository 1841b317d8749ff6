// What is told without any network: what a trained model is compared with. All give the scores of the task's test pieces.
#pragma once

#include "midillama/classes/task.h"

#include <cstdint>

namespace midillama::classes {

// 1 for the class that most of the pieces to learn from are of (the first of equally many), 0 for all others, of every piece.
Scores constant_scores(const Task& task);

// Drawn for each piece and class by the seed and the piece's id alone, uniformly: every class is as likely, and with several labels each is
// told as often as not.
Scores chance_scores(const Task& task, std::uint64_t seed);

// Of a logistic regression on note_statistics() of the pieces to learn from, with the first C of .01, .1, 1, 10 and 100 after which the
// next validates no better (1 where there are no pieces to validate with). `quarters`: how much of a piece it hears. Error that lists the
// files which cannot be read.
Scores linear_scores(const Task& task, std::int64_t quarters);

}  // namespace midillama::classes
