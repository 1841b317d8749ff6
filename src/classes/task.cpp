#include "midillama/classes/task.h"

#include "classes/labelled.h"
#include "midillama/core/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace midillama::classes {
namespace {

// That at least `min_pieces` of them have.
std::vector<std::string> frequent_values(const std::vector<pieces::Piece>& pieces, const std::string& label, std::int64_t min_pieces) {
  std::map<std::string, std::int64_t> count;
  for (const pieces::Piece& piece : pieces)
    for (const std::string& value : piece.values(label)) ++count[value];
  std::vector<std::string> values;
  for (const auto& [value, pieces_of_it] : count)
    if (pieces_of_it >= min_pieces) values.push_back(value);
  return values;
}

}  // namespace

std::vector<bool> Task::truth(const pieces::Piece& piece) const {
  const auto& values = piece.values(label);
  std::vector<bool> truth;
  for (const std::string& name : classes) truth.push_back(std::ranges::binary_search(values, name));
  return truth;
}

Task read_task(const config::Config& config) {
  const config::Classify& classify = config.classify;
  Labelled labelled = read_labelled(config);
  const std::string& label = labelled.task.label;
  const auto learnable = pieces::without(labelled.train, labelled.test);
  if (learnable.empty() && !labelled.train.empty())
    throw InputError(fmt::format("{}", fmt::join(classify.pieces.train, ", ")), "",
                     fmt::format("nothing is left to learn from: all {} pieces with the label \"{}\" are of works that are tested",
                                 labelled.train.size(), label));
  auto classes = frequent_values(learnable, label, classify.min_pieces);
  if (classes.size() < 2)
    throw InputError(fmt::format("{}", fmt::join(classify.pieces.train, ", ")), "",
                     fmt::format("the pieces to learn from have {} of the label \"{}\"{}, where two are needed at least",
                                 classes.size() == 1 ? "one value" : "no value", label,
                                 classify.min_pieces > 1 ? fmt::format(" that {} of them have", classify.min_pieces) : ""));
  keep_classes(labelled, std::move(classes));
  auto parts = pieces::divide(classify.pieces, pieces::without(labelled.train, labelled.test), labelled.test, label, config.run.seed);
  return divided(std::move(labelled), std::move(parts));
}

std::vector<bool> answer(const Task& task, const std::vector<double>& scores) {
  std::vector<bool> answers(scores.size());
  if (task.multi_label) {
    for (std::size_t c = 0; c < scores.size(); ++c) answers[c] = scores[c] >= .5;
  } else if (const auto likeliest = std::ranges::max_element(scores); *likeliest > 0) {
    answers[static_cast<std::size_t>(likeliest - scores.begin())] = true;
  }
  return answers;
}

}  // namespace midillama::classes
