#include "experiment/piece_examples.h"

#include "experiment/labels.h"
#include "midillama/classes/results.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/midi/file.h"
#include "midillama/pieces/piece_sets.h"
#include "midillama/web/clip_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace midillama::experiment {
namespace fs = std::filesystem;
namespace {

// What was told of a piece: a line of predictions.jsonl.
struct Told {
  std::string piece;
  std::vector<std::string> labels;
  std::vector<std::string> classes;  // that it is told to be of
};

struct Teller {
  std::string label;  // the row's
  std::vector<Told> told;
  std::map<std::string, std::size_t> place;  // by piece
};

// The task that a table's evaluations had, without its pieces.
classes::Task task_of(const Table& table) {
  const Json settings = table.settings;
  return {.name = table.task,
          .label = settings.value("label", table.task),
          .multi_label = settings.value("multi_label", false),
          .classes = settings.value("classes", std::vector<std::string>())};
}

Teller read_teller(const Row& row, const classes::Task& task) {
  Teller teller{.label = label_of(row), .told = {}, .place = {}};
  const std::string file = row.files.front().string();
  for_each_json_line(file, [&](const Json& line, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    const auto scores = json_get<std::map<std::string, double>>(line, "scores", file, place);
    if (scores.empty()) throw InputError(file, place, "the key \"scores\" has no class");
    std::vector<double> by_class;
    for (const std::string& name : task.classes) by_class.push_back(scores.contains(name) ? scores.at(name) : 0);
    const std::vector<bool> answers = by_class.empty() ? std::vector<bool>() : classes::answer(task, by_class);
    Told told{.piece = json_get<std::string>(line, "piece", file, place),
              .labels = json_get<std::vector<std::string>>(line, "labels", file, place),
              .classes = {}};
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (answers[i]) told.classes.push_back(task.classes[i]);
    teller.place[told.piece] = teller.told.size();
    teller.told.push_back(std::move(told));
  });
  return teller;
}

// The files of the pieces that were told of. InputError where these are not there any more, or others than were tested.
std::map<std::string, fs::path> files_of_pieces(const config::Config& config, const Table& table, const std::vector<Told>& told) {
  const pieces::Sets sets = pieces::read_sets(config.classify.pieces, config.corpus.path);
  std::map<std::string, const pieces::Piece*> by_id;
  for (const auto* set : {&sets.train, &sets.test})
    for (const pieces::Piece& piece : *set) by_id[piece.id] = &piece;
  classes::Task task = task_of(table);
  std::map<std::string, fs::path> files;
  for (const Told& piece : told) {
    const auto found = by_id.find(piece.piece);
    if (found == by_id.end()) continue;
    files[piece.piece] = found->second->file;
    task.parts.test.push_back(*found->second);
    task.parts.test.back().labels[task.label] = piece.labels;
  }
  if (!table.tested.empty() && classes::fingerprint_of_tested(task) != table.tested)
    throw InputError("classify.pieces", "", "their files are others than the evaluation was about");
  return files;
}

pages::Example example_of(const Table& table, const Told& piece, const std::vector<Teller>& tellers) {
  pages::Example example{.id = piece.piece,
                         .task = title_of(table.task),
                         .tags = piece.labels,
                         .clip = piece.piece,
                         .question = fmt::format("Which {}?", table.task),
                         .reference = fmt::format("{}", fmt::join(piece.labels, ", ")),
                         .answers = {}};
  for (const Teller& teller : tellers) {
    const auto place = teller.place.find(piece.piece);
    if (place == teller.place.end()) continue;
    const std::vector<std::string>& classes = teller.told[place->second].classes;
    example.answers.push_back({.system = teller.label,
                               .text = classes.empty() ? "nothing was told" : fmt::format("{}", fmt::join(classes, ", ")),
                               .verdict = classes == piece.labels ? pages::Verdict::right : pages::Verdict::wrong});
  }
  return example;
}

// Whether it can be heard.
bool add_clip(pages::Examples& examples, const std::string& piece, const fs::path& file) {
  try {
    examples.clips.emplace(piece, web::view_of(midi::read_midi(file)));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void add_piece_examples(pages::Examples& examples, const Plan& plan, const Table& table, std::size_t most) {
  const std::vector<Row> rows = rows_with_files(table);
  if (rows.empty()) return;
  const classes::Task task = task_of(table);
  std::vector<Teller> tellers;
  for (const Row& row : rows) tellers.push_back(read_teller(row, task));
  const std::vector<Told>& pieces = tellers.front().told;
  std::map<std::string, fs::path> files;
  try {
    files = files_of_pieces(configuration_of(plan, rows.front().system, table.test), table, pieces);
  } catch (const InputError& error) {
    examples.blocks.emplace_back(without_music(table, error));
  }
  const std::size_t count = std::min(most, pieces.size());
  for (std::size_t i = 0; i < count; ++i) {
    pages::Example example = example_of(table, pieces[i * pieces.size() / count], tellers);
    const auto file = files.find(example.clip);
    if (file == files.end() || !add_clip(examples, example.clip, file->second)) example.clip.clear();
    examples.items.push_back(std::move(example));
  }
}

}  // namespace midillama::experiment
