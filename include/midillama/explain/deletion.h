// Whether heat finds the notes that an answer needs: deletion curves (Petsiuk et al. 2018).
//
// Where the model answers a question right, notes are left out of the clip's mean one after the other, the hottest first, and p(answer) is
// followed, as a part of what it is with all notes. The earlier it falls, the smaller the area below its curve, and the more the heat knew.
// The same notes in random order are what heat that knows nothing would give.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/generate/session.h"
#include "midillama/metrics/intervals.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace midillama::explain {

// Over the questions, with its 95 % interval by bootstrap.
struct Mean {
  double value = 0;
  metrics::Interval interval;
};

struct DeletionCurve {
  std::string order;           // gradient, left_out, random
  std::vector<double> values;  // mean of p / p with all notes, where 0, 5, … 100 % of the notes are left out
  Mean area;                   // below it, 0 … 1 where no note speaks against the answer
  Mean below_random;           // the random area minus this one, question by question
};

struct TagDeletion {
  std::string tag;
  std::int64_t questions = 0;
  std::int64_t right = 0;             // answered right: the curves are of these
  std::vector<DeletionCurve> curves;  // one an order; none where no answer is right
};

// Of the test split's questions of data.dir that ask for one fact: one a piece, so that they are independent, and eval.max_examples of them
// at most for each tag. The answer is the model's own; random orders are drawn from run.seed. UsageError for a tag that the dataset has not
// or that cannot be checked, InputError where the split cannot be read or does not ask for the tag, and the errors of explain().
std::vector<TagDeletion> deletion_curves(generate::Session& session, const config::Config& config, std::span<const std::string> tags);

// A table for people.
std::string to_text(const std::vector<TagDeletion>& tags);
OrderedJson to_json(const std::vector<TagDeletion>& tags);

}  // namespace midillama::explain
