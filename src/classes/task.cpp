#include "midillama/classes/task.h"

#include "midillama/classes/mapping.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace midillama::classes {
namespace {

std::vector<std::string> values_of(const std::vector<pieces::Piece>& pieces, const std::string& label) {
  std::set<std::string> values;
  for (const pieces::Piece& piece : pieces) values.insert(piece.values(label).begin(), piece.values(label).end());
  return {values.begin(), values.end()};
}

std::size_t labelled(const std::vector<pieces::Piece>& pieces, const std::string& label) {
  return static_cast<std::size_t>(std::ranges::count_if(pieces, [&](const pieces::Piece& piece) { return !piece.values(label).empty(); }));
}

void drop_several(std::vector<pieces::Piece>& pieces, const std::string& label) {
  std::erase_if(pieces, [&](const pieces::Piece& piece) { return piece.values(label).size() > 1; });
}

void keep_classes(std::vector<pieces::Piece>& pieces, const std::string& label, const std::vector<std::string>& classes) {
  for (pieces::Piece& piece : pieces) {
    if (piece.values(label).empty()) continue;
    std::erase_if(piece.labels[label], [&](const std::string& value) { return !std::ranges::binary_search(classes, value); });
  }
  std::erase_if(pieces, [&](const pieces::Piece& piece) { return piece.values(label).empty(); });
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
  if (classify.pieces.train.empty())
    throw ConfigError({"classify.pieces.train: [] — must name the folders, each with a pieces.jsonl, that are learnt from"});
  Task task{
      .name = classify.task, .label = classify.task == "genre" ? classify.genre : classify.style, .multi_label = classify.multi_label};
  auto train = pieces::read_pieces(classify.pieces.train, config.corpus.path);
  auto test = pieces::read_pieces(classify.pieces.test, config.corpus.path);
  const std::size_t all = labelled(train, task.label) + labelled(test, task.label);
  if (!classify.mapping.empty()) rename(train, task.label, read_mapping(classify.mapping, task.label));
  for (auto* pieces : {&train, &test}) {
    if (!task.multi_label) drop_several(*pieces, task.label);
  }
  train = pieces::with_label(std::move(train), task.label, classify.min_pieces);
  task.classes = values_of(train, task.label);
  if (task.classes.size() < 2)
    throw InputError(fmt::format("{}", fmt::join(classify.pieces.train, ", ")), "",
                     fmt::format("the pieces have {} of the label \"{}\", where two are needed at least",
                                 task.classes.size() == 1 ? "one value" : "no value", task.label));
  keep_classes(test, task.label, task.classes);
  task.left_out = static_cast<std::int64_t>(all - train.size() - test.size());
  task.parts = pieces::divide(classify.pieces, train, test, task.label, config.run.seed);
  log::info("{} classes of the label \"{}\": {} pieces to learn from, {} to validate with, {} to test on, {} left out", task.classes.size(),
            task.label, task.parts.train.size(), task.parts.valid.size(), task.parts.test.size(), task.left_out);
  return task;
}

std::vector<bool> answer(const Task& task, const std::vector<double>& scores) {
  std::vector<bool> answers(scores.size());
  if (task.multi_label) {
    for (std::size_t c = 0; c < scores.size(); ++c) answers[c] = scores[c] >= .5;
  } else {
    answers[static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin())] = true;
  }
  return answers;
}

}  // namespace midillama::classes
