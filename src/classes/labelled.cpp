#include "classes/labelled.h"

#include "midillama/classes/mapping.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace midillama::classes {
namespace {

using Pieces = std::vector<pieces::Piece>;

void add_ids(const Pieces& pieces, std::set<std::string>& ids) {
  for (const pieces::Piece& piece : pieces) ids.insert(piece.id);
}

std::set<std::string> values_of(const Pieces& pieces, const std::string& label) {
  std::set<std::string> values;
  for (const pieces::Piece& piece : pieces) values.insert(piece.values(label).begin(), piece.values(label).end());
  return values;
}

void drop_unlabelled(Pieces& pieces, const std::string& label) {
  std::erase_if(pieces, [&](const pieces::Piece& piece) { return piece.values(label).empty(); });
}

void drop_several(Pieces& pieces, const std::string& label) {
  std::erase_if(pieces, [&](const pieces::Piece& piece) { return piece.values(label).size() > 1; });
}

void warn_of_unknown(const std::string& file, const std::vector<std::string>& names, const char* where) {
  if (!names.empty()) log::warning("{}: {} {}", file, fmt::join(names, ", "), where);
}

void apply_mapping(const std::string& file, const std::string& label, pieces::Sets& sets) {
  const Mapping mapping = read_mapping(file, label);
  const std::set<std::string> old_names = values_of(sets.train, label), tested = values_of(sets.test, label);
  std::vector<std::string> unknown, nowhere;
  for (const auto& [name, others] : mapping) {
    if (!old_names.contains(name)) unknown.push_back(name);
    for (const std::string& other : others)
      if (!tested.contains(other)) nowhere.push_back(other);
  }
  warn_of_unknown(file, unknown, fmt::format("are names that no piece to learn from has as its {}", label).c_str());
  warn_of_unknown(file, nowhere, fmt::format("are names that no piece to test on has as its {}", label).c_str());
  rename(sets.train, label, mapping);
}

// How many of them have values beside the classes, which go; those of no class go themselves.
std::int64_t keep(Pieces& pieces, const std::string& label, const std::vector<std::string>& classes) {
  std::int64_t of_others = 0;
  for (pieces::Piece& piece : pieces) {
    std::vector<std::string>& values = piece.labels[label];
    const auto gone = std::erase_if(values, [&](const std::string& value) { return !std::ranges::binary_search(classes, value); });
    if (gone > 0 && !values.empty()) ++of_others;
  }
  drop_unlabelled(pieces, label);
  return of_others;
}

}  // namespace

Labelled read_labelled(const config::Config& config) {
  const config::Classify& classify = config.classify;
  if (classify.pieces.train.empty())
    throw ConfigError({"classify.pieces.train: [] — must name the folders, each with a pieces.jsonl, that are learnt from"});
  Labelled labelled{.task = {.name = classify.task,
                             .label = classify.task == "genre" ? classify.genre : classify.style,
                             .multi_label = classify.multi_label},
                    .train = {},
                    .test = {}};
  const std::string& label = labelled.task.label;
  pieces::Sets sets = pieces::read_sets(classify.pieces, config.corpus.path);
  drop_unlabelled(sets.train, label);
  add_ids(sets.train, labelled.all);
  if (!classify.mapping.empty()) apply_mapping(classify.mapping, label, sets);
  if (classify.pieces.test.empty()) sets.test = sets.train;
  drop_unlabelled(sets.train, label);
  drop_unlabelled(sets.test, label);
  labelled.train = std::move(sets.train);
  labelled.test = pieces::tested_pieces(sets.test, classify.pieces, label);
  add_ids(labelled.test, labelled.all);
  if (!classify.multi_label) {
    drop_several(labelled.train, label);
    drop_several(labelled.test, label);
  }
  return labelled;
}

void keep_classes(Labelled& labelled, std::vector<std::string> classes) {
  keep(labelled.train, labelled.task.label, classes);
  labelled.task.of_others = keep(labelled.test, labelled.task.label, classes);
  std::set<std::string> kept;
  for (const Pieces* pieces : {&labelled.train, &labelled.test}) add_ids(*pieces, kept);
  labelled.task.left_out = static_cast<std::int64_t>(labelled.all.size() - kept.size());
  labelled.task.classes = std::move(classes);
}

Task divided(Labelled labelled, pieces::Parts parts) {
  Task task = std::move(labelled.task);
  task.parts = std::move(parts);
  log::info("{} classes of the label \"{}\": {} pieces to learn from, {} to validate with, {} to test on, {} left out", task.classes.size(),
            task.label, task.parts.train.size(), task.parts.valid.size(), task.parts.test.size(), task.left_out);
  if (task.of_others > 0)
    log::warning("{} of the tested pieces have other values of \"{}\" beside the classes, which do not count", task.of_others, task.label);
  const std::set<std::string> learnt = values_of(task.parts.train, task.label);
  std::vector<std::string> unlearnt;
  std::ranges::set_difference(task.classes, learnt, std::back_inserter(unlearnt));
  if (!unlearnt.empty()) log::warning("no piece that is learnt from is of {}: nobody can tell it", fmt::join(unlearnt, ", "));
  return task;
}

}  // namespace midillama::classes
