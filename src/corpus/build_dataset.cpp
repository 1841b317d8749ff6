#include "class_bounds.h"
#include "description.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/clips.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/duplicates.h"
#include "midillama/corpus/splits.h"
#include "midillama/midi/file.h"
#include "midillama/music/features.h"
#include "staging.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

namespace midillama::corpus {
namespace {

// Collections disagree on some tunes: what one calls a reel another calls a hornpipe. A dance that all copies of a tune agree on holds for
// the kept one, also where it stands in another copy only; a disputed one is no fact.
void settle_dance(std::vector<Piece>& pieces, const std::vector<std::size_t>& kept_as) {
  std::map<std::size_t, std::set<std::string>> dances;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (const auto dance = pieces[i].labels.find("dance"); dance != pieces[i].labels.end()) dances[kept_as[i]].insert(dance->second);
  }
  for (const auto& [kept, names] : dances) {
    if (names.size() == 1) {
      pieces[kept].labels["dance"] = *names.begin();
    } else {
      pieces[kept].labels.erase("dance");
    }
  }
}

// The pieces that stand for themselves, with their families; the others go into the report.
void drop_duplicates(std::vector<Piece>& pieces, const config::Corpus& config, std::vector<std::size_t>& family, BuildReport& report) {
  const auto families = find_families(pieces, config.duplicate_similarity, config.related_similarity);
  settle_dance(pieces, families.kept_as);
  std::vector<Piece> kept;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (families.kept_as[i] == i) continue;
    report.duplicates.push_back({pieces[i].place, "the same tune as " + pieces[families.kept_as[i]].place});
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (families.kept_as[i] != i) continue;
    family.push_back(families.family[i]);
    kept.push_back(std::move(pieces[i]));
  }
  pieces = std::move(kept);
}

// A label of too few pieces can be neither learnt nor measured: it is no fact.
void drop_rare_labels(std::vector<Piece>& pieces, std::int64_t min_pieces) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const auto& piece : pieces) {
    for (const auto& label : piece.labels) ++counts[label];
  }
  for (auto& piece : pieces) {
    std::erase_if(piece.labels, [&](const auto& label) { return counts.at(label) < min_pieces; });
  }
}

Facts clip_facts(const Facts& labels, const midi::Score& clip, const config::Corpus& config) {
  Facts facts = labels;
  if (const auto pitch = music::mean_pitch(clip)) facts["register"] = music::register_name(*pitch, register_bounds(config));
  facts["density"] = music::density_name(music::notes_per_second(clip), density_bounds(config));
  std::erase_if(facts,
                [&](const auto& fact) { return std::find(config.tags.begin(), config.tags.end(), fact.first) == config.tags.end(); });
  return facts;
}

// Writes the piece's clips and the examples about them.
std::vector<Example> write_piece(const Piece& piece, const std::vector<ClipSpan>& spans, const config::Corpus& config,
                                 const QuestionWriter& writer, const std::filesystem::path& directory) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto& span = spans[i];
    const auto clip = midi::clip(piece.score, span.from, span.to);
    const auto clip_id = fmt::format("{}.{}", piece.id, i + 1);
    const auto file = fmt::format("clips/{}.mid", clip_id);
    write_file(directory / file, midi::to_midi(clip));

    const auto facts = clip_facts(piece.labels, clip, config);
    Random random(seed_for(config.seed, ("wording/" + clip_id).c_str()));
    std::map<std::string, int> asked;
    for (auto& written : writer.write({clip_id, facts}, random)) {
      const auto id = fmt::format("{}.{}.{}", clip_id, written.tag, ++asked[written.tag]);
      examples.push_back({id, piece.id, file, span.start.value, span.end.value, written.task, written.tag, std::move(written.question),
                          std::move(written.answer), facts});
    }
  }
  return examples;
}

void drop_pieces_without_clips(std::vector<Piece>& pieces, std::vector<std::vector<ClipSpan>>& spans, std::vector<std::size_t>& family,
                               BuildReport& report) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (spans[i].empty()) {
      report.without_clips.push_back({pieces[i].place, "no clip is long enough and fit for OctupleMIDI"});
      continue;
    }
    if (kept != i) {
      pieces[kept] = std::move(pieces[i]);
      spans[kept] = std::move(spans[i]);
      family[kept] = family[i];
    }
    ++kept;
  }
  pieces.resize(kept);
  spans.resize(kept);
  family.resize(kept);
}

std::vector<Split> split_pieces(const std::vector<Piece>& pieces, const std::vector<std::size_t>& family, const config::Corpus& config) {
  std::vector<std::string> ids;
  for (const auto& piece : pieces) ids.push_back(piece.id);
  const auto splits = assign_splits(ids, family, config.valid_fraction, config.test_fraction, config.seed);
  for (const auto split : all_splits()) {
    if (std::find(splits.begin(), splits.end(), split) == splits.end()) log::warning("the {} side has no pieces", name(split));
  }
  return splits;
}

void write_splits(const std::vector<std::vector<Example>>& examples, const std::vector<Split>& splits,
                  const std::filesystem::path& directory) {
  for (const auto split : all_splits()) {
    std::string lines;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (splits[i] != split) continue;
      for (const auto& example : examples[i]) lines += to_json(example).dump() + '\n';
    }
    write_atomically(directory / (name(split) + ".jsonl"), lines);
  }
}

void log_report(const BuildReport& report) {
  const auto shown = std::min<std::size_t>(report.skipped.size(), 10);
  for (const auto& [place, reason] : std::span(report.skipped).first(shown)) log::warning("skipped: {}: {}", place, reason);
  if (shown < report.skipped.size()) log::warning("skipped: {} more, see dataset.json", report.skipped.size() - shown);
  log::info("{} pieces kept of {} ({} could not be read, {} duplicates, {} too short): {} clips, {} questions", report.pieces,
            report.read + report.skipped.size(), report.skipped.size(), report.duplicates.size(), report.without_clips.size(), report.clips,
            report.questions);
}

}  // namespace

BuildReport build_dataset(const config::Corpus& config, const QuestionWriter& writer, const std::filesystem::path& directory) {
  StagedDirectory staged(directory);
  BuildReport report;

  log::info("reading the pieces of {}", config.path);
  auto reading = read_source(config);
  auto& pieces = reading.pieces;
  report.read = pieces.size();
  report.skipped = reading.skipped;
  const auto collections = pieces_by_collection(pieces);

  std::vector<std::size_t> family;
  drop_duplicates(pieces, config, family, report);
  std::vector<std::vector<ClipSpan>> spans(pieces.size());
  parallel_for(pieces.size(), [&](std::size_t i) { spans[i] = choose_clips(pieces[i], config); });
  drop_pieces_without_clips(pieces, spans, family, report);
  if (pieces.empty()) throw InputError(config.path, "corpus.path", "no piece of this source gives a clip");
  drop_rare_labels(pieces, config.min_label_pieces);

  std::filesystem::create_directories(staged.path() / "clips");
  std::vector<std::vector<Example>> examples(pieces.size());
  parallel_for(pieces.size(), [&](std::size_t i) { examples[i] = write_piece(pieces[i], spans[i], config, writer, staged.path()); });
  write_splits(examples, split_pieces(pieces, family, config), staged.path());

  report.pieces = pieces.size();
  for (const auto& piece_spans : spans) report.clips += piece_spans.size();
  for (const auto& piece_examples : examples) report.questions += piece_examples.size();
  write_description(config, reading.provenance, collections, pieces_by_collection(pieces), report, staged.path());
  staged.put_in_place();
  log_report(report);
  return report;
}

BuildReport build_dataset(const config::Corpus& config, const std::filesystem::path& directory) {
  return build_dataset(config, TemplateWriter(config), directory);
}

}  // namespace midillama::corpus
