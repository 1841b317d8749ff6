#include "corpus/description.h"
#include "corpus/tag_facts.h"
#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/clips.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/duplicates.h"
#include "midillama/corpus/splits.h"
#include "midillama/midi/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <span>

namespace midillama::corpus {
namespace {

// Collections disagree on some tunes: what one calls a reel another calls a hornpipe. A value that all copies of a piece agree on holds for
// the kept one, also where it stands in another copy only; a disputed one is no fact.
void settle_disputes(std::vector<Piece>& pieces, const std::vector<std::size_t>& kept_as, const records::Tag& tag) {
  std::map<std::size_t, std::set<std::string>> values;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (const auto label = pieces[i].labels.find(tag.name); label != pieces[i].labels.end()) values[kept_as[i]].insert(label->second);
  }
  for (const auto& [kept, stated] : values) {
    if (stated.size() == 1) {
      pieces[kept].labels[tag.name] = *stated.begin();
    } else {
      pieces[kept].labels.erase(tag.name);
    }
  }
}

// The pieces that stand for themselves, with their families; the others go into the report.
void drop_duplicates(std::vector<Piece>& pieces, const config::Corpus& config, const records::Tags& tags, std::vector<std::size_t>& family,
                     BuildReport& report) {
  const auto families = find_families(pieces, config.duplicate_similarity, config.related_similarity);
  for (const auto& tag : tags.tags) {
    if (tag.copies_agree) settle_disputes(pieces, families.kept_as, tag);
  }
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

// A class of too few pieces can be neither learnt nor measured: it is no fact.
void drop_rare_labels(std::vector<Piece>& pieces, const records::Tags& tags, std::int64_t min_pieces) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const auto& piece : pieces) {
    for (const auto& label : piece.labels) ++counts[label];
  }
  for (auto& piece : pieces) {
    std::erase_if(piece.labels, [&](const auto& label) { return tags.at(label.first).is_closed() && counts.at(label) < min_pieces; });
  }
}

Facts clip_facts(const Facts& labels, const midi::Score& clip, const TagFacts& tag_facts) {
  Facts facts = labels;
  facts.merge(tag_facts.of_clip(clip));
  std::erase_if(facts, [&](const auto& fact) { return std::ranges::find(tag_facts.asked(), fact.first) == tag_facts.asked().end(); });
  return facts;
}

// What lies between the classes of measures is drawn from the clips where the tags say so.
void draw_quantiles(const std::vector<Piece>& pieces, const std::vector<std::vector<ClipSpan>>& spans, TagFacts& tag_facts) {
  if (!tag_facts.wants_quantiles()) return;
  std::map<std::string, std::vector<double>> values;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (const auto& span : spans[i]) {
      const auto measured = tag_facts.measures_for_quantiles(midi::clip(pieces[i].score, span.from, span.to));
      for (const auto& [tag, value] : measured) values[tag].push_back(value);
    }
  }
  tag_facts.set_quantiles(values);
}

// Without waiting for the disk: putting the dataset in place does that once for all.
void write_clip(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written");
}

// Writes the piece's clips and the questions about them.
std::vector<records::Question> write_piece(const Piece& piece, const std::vector<ClipSpan>& spans, const TagFacts& tag_facts,
                                           std::uint64_t seed, const QuestionWriter& writer, const std::filesystem::path& directory) {
  std::vector<records::Question> questions;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto& span = spans[i];
    const auto clip = midi::clip(piece.score, span.from, span.to);
    const auto clip_id = fmt::format("{}.{}", piece.id, i + 1);
    const auto file = fmt::format("clips/{}.mid", clip_id);
    write_clip(directory / file, midi::to_midi(clip));

    const auto facts = clip_facts(piece.labels, clip, tag_facts);
    Random random(seed_for(seed, ("wording/" + clip_id).c_str()));
    std::map<std::string, int> asked;
    for (auto& written : writer.write({clip_id, facts}, random)) {
      const auto id = fmt::format("{}.{}.{}", clip_id, written.tag, ++asked[written.tag]);
      questions.push_back({id, piece.id, file, span.start.value, span.end.value, written.task, written.tag, std::move(written.question),
                           std::move(written.answer), facts, ""});
    }
  }
  return questions;
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
  for (const auto split : records::all_splits()) {
    if (std::find(splits.begin(), splits.end(), split) == splits.end()) log::warning("the {} side has no pieces", records::name(split));
  }
  return splits;
}

void write_splits(const std::vector<std::vector<records::Question>>& questions, const std::vector<Split>& splits, const records::Tags& tags,
                  const std::filesystem::path& directory) {
  const auto names = tags.names();
  for (const auto split : records::all_splits()) {
    std::string lines;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      if (splits[i] != split) continue;
      for (const auto& question : questions[i]) lines += json_line(to_json(question, names));
    }
    write_atomically(directory / (records::name(split) + ".jsonl"), lines);
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

void require_dataset_folder(const std::filesystem::path& directory) {
  const bool replaceable = !std::filesystem::exists(directory) || std::filesystem::exists(directory / "dataset.json") ||
                           (std::filesystem::is_directory(directory) && std::filesystem::is_empty(directory));
  if (!replaceable)
    throw InputError(directory.string(), "", "exists and is no dataset (no dataset.json in it): give another folder or remove it");
}

BuildReport build_dataset(const config::Corpus& config, const records::Tags& tags, const QuestionWriter& writer,
                          const std::filesystem::path& directory) {
  TagFacts tag_facts(tags, config);
  require_dataset_folder(directory);
  StagedDirectory staged(directory);
  BuildReport report;

  log::info("reading the pieces of {}", config.path);
  auto reading = read_source(config, tags);
  auto& pieces = reading.pieces;
  report.read = pieces.size();
  report.skipped = reading.skipped;
  const auto collections = pieces_by_collection(pieces);

  std::vector<std::size_t> family;
  drop_duplicates(pieces, config, tags, family, report);
  std::vector<std::vector<ClipSpan>> spans(pieces.size());
  parallel_for(pieces.size(), [&](std::size_t i) { spans[i] = choose_clips(pieces[i], config); });
  drop_pieces_without_clips(pieces, spans, family, report);
  if (pieces.empty()) throw InputError(config.path, "corpus.path", "no piece of this source gives a clip");
  drop_rare_labels(pieces, tags, config.min_label_pieces);
  draw_quantiles(pieces, spans, tag_facts);

  std::filesystem::create_directories(staged.path() / "clips");
  std::vector<std::vector<records::Question>> questions(pieces.size());
  parallel_for(pieces.size(),
               [&](std::size_t i) { questions[i] = write_piece(pieces[i], spans[i], tag_facts, config.seed, writer, staged.path()); });
  write_splits(questions, split_pieces(pieces, family, config), tags, staged.path());
  write_atomically(staged.path() / records::kTagFile, tags.text);

  report.pieces = pieces.size();
  for (const auto& piece_spans : spans) report.clips += piece_spans.size();
  for (const auto& of_piece : questions) report.questions += of_piece.size();
  write_description(config, tag_facts, reading.provenance, collections, pieces_by_collection(pieces), report, staged.path());
  staged.put_in_place();
  log_report(report);
  return report;
}

BuildReport build_dataset(const config::Corpus& config, const std::filesystem::path& directory) {
  const auto tags = records::read_tags(config.tag_file);
  return build_dataset(config, tags, TemplateWriter(config, tags), directory);
}

}  // namespace midillama::corpus
