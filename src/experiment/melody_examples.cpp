#include "experiment/melody_examples.h"

#include "experiment/labels.h"
#include "midillama/core/file.h"
#include "midillama/melody/groups.h"
#include "midillama/melody/phrases.h"
#include "midillama/metrics/ranking.h"
#include "midillama/pieces/piece_sets.h"
#include "midillama/web/clip_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace midillama::experiment {
namespace fs = std::filesystem;
namespace {

// What a row's model makes of a group: lines of scores.jsonl.
struct Ranked {
  std::string phrase;
  std::string right = {};
  double score = 0;  // of the right one
  std::vector<double> others = {};
};

struct Ranker {
  std::string label;  // the row's
  std::vector<Ranked> groups = {};
  std::map<std::string, std::size_t> place = {};  // of a group, by its phrase
};

Ranker read_ranker(const Row& row) {
  Ranker ranker{.label = label_of(row)};
  const std::string file = row.files.front().string();
  for_each_json_line(file, [&](const Json& line, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    const auto phrase = json_get<std::string>(line, "group", file, place);
    if (ranker.place.emplace(phrase, ranker.groups.size()).second) ranker.groups.push_back({.phrase = phrase});
    Ranked& group = ranker.groups[ranker.place[phrase]];
    const auto score = json_get<double>(line, "score", file, place);
    if (json_get<bool>(line, "positive", file, place)) {
      group.right = json_get<std::string>(line, "candidate", file, place);
      group.score = score;
    } else {
      group.others.push_back(score);
    }
  });
  return ranker;
}

// A phrase and the one after it.
OrderedJson view_of(melody::Phrase phrase, const melody::Phrase& next, const config::Melody& config) {
  for (melody::Note note : next.notes) {
    note.bar += config.phrase_bars;
    phrase.notes.push_back(note);
  }
  return web::view_of(melody::to_score(phrase, config));
}

pages::Example example_of(const Table& table, const Ranked& group, const std::vector<Ranker>& rankers) {
  pages::Example example{.id = group.phrase,
                         .task = title_of(table.task),
                         .tags = {},
                         .clip = group.phrase,
                         .question = fmt::format("Which of {} phrases follows the first one?", group.others.size() + 1),
                         .reference = fmt::format("{}, which is heard after it", group.right),
                         .answers = {}};
  for (const Ranker& ranker : rankers) {
    const auto place = ranker.place.find(group.phrase);
    if (place == ranker.place.end()) continue;
    const Ranked& ranked = ranker.groups[place->second];
    const std::int64_t rank = metrics::pessimistic_rank(ranked.score, ranked.others);
    example.answers.push_back({.system = ranker.label,
                               .text = fmt::format("has it in place {}", rank),
                               .verdict = rank == 1 ? pages::Verdict::right : pages::Verdict::wrong});
  }
  return example;
}

// InputError where the pieces are not there any more, or others than were tested.
melody::Phrases read_tested(const config::Config& config, const Table& table) {
  const config::PieceSets& sets = config.melody.pieces;
  const auto tested = pieces::tested_pieces(pieces::read_sets(sets, config.corpus.path).test, sets, "");
  melody::Phrases phrases = melody::read_phrases(tested, config.melody, "show");
  const auto now = [&] {
    return melody::fingerprint_of(phrases, melody::draw_groups(phrases, config.melody.candidates, config.eval.max_examples));
  };
  if (!table.tested.empty() && now() != table.tested)
    throw InputError("melody.pieces", "", "their files, or how phrases are cut, are others than the evaluation was about");
  return phrases;
}

}  // namespace

void add_melody_examples(pages::Examples& examples, const Plan& plan, const Table& table, std::size_t most) {
  const std::vector<Row> rows = rows_with_files(table);
  if (rows.empty()) return;
  std::vector<Ranker> rankers;
  for (const Row& row : rows) rankers.push_back(read_ranker(row));
  const config::Config config = configuration_of(plan, rows.front().system, table.test);
  melody::Phrases phrases;
  try {
    phrases = read_tested(config, table);
  } catch (const InputError& error) {
    examples.blocks.emplace_back(without_music(table, error));
  }
  std::map<std::string, const melody::Phrase*> by_id;
  for (const melody::Phrase& phrase : phrases.all) by_id[phrase.id] = &phrase;
  const std::vector<Ranked>& groups = rankers.front().groups;
  const std::size_t count = std::min(most, groups.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Ranked& group = groups[i * groups.size() / count];
    pages::Example example = example_of(table, group, rankers);
    const auto phrase = by_id.find(group.phrase), next = by_id.find(group.right);
    if (phrase != by_id.end() && next != by_id.end())
      examples.clips.emplace(example.clip, view_of(*phrase->second, *next->second, config.melody));
    else
      example.clip.clear();
    examples.items.push_back(std::move(example));
  }
}

}  // namespace midillama::experiment
