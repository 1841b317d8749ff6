// The factories of the kinds of answerer, each defined in the file of its name.
#pragma once

#include "midillama/systems/answerer.h"

#include <memory>

namespace midillama::systems {

// The model, which hears …
std::unique_ptr<Answerer> make_true_music(Resources& resources);      // … each question's own clip
std::unique_ptr<Answerer> make_shuffled_music(Resources& resources);  // … the clip of another question, of another piece where there is one
std::unique_ptr<Answerer> make_zero_music(Resources& resources);      // … vectors of zeros
std::unique_ptr<Answerer> make_no_music(Resources& resources);        // … no musical tokens at all
// The language model as it was before training, which is asked the question alone.
std::unique_ptr<Answerer> make_zero_shot(Resources& resources);
// For each type of question, what the training split says most often.
std::unique_ptr<Answerer> make_most_frequent(Resources& resources);

}  // namespace midillama::systems
