#include "corpus/clip_labels.h"
#include "corpus/description.h"
#include "corpus/tag_facts.h"
#include "corpus/unseen.h"
#include "midillama/core/atomic_file.h"
#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/progress.h"
#include "midillama/corpus/clips.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/duplicates.h"
#include "midillama/corpus/splits.h"
#include "midillama/midi/file.h"
#include "midillama/records/question.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <span>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

// Without waiting for the disk: putting the dataset in place does that once for all.
void write_clip(const fs::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw InputError(path.string(), "", "cannot be written: is the disk full?");
}

// The building of one dataset, step by step.
class Builder {
 public:
  Builder(const config::Corpus& config, const records::Tags& tags, const QuestionWriter& writer, fs::path folder)
      : config_(config), tag_facts_(tags, config), writer_(writer), folder_(std::move(folder)) {}

  BuildReport run() {
    fs::create_directories(folder_ / "clips");
    read_pieces();
    keep_one_of_each_tune();
    settle_facts();
    write_questions();
    write_unseen();
    write_atomically(folder_ / records::kTagFile, tag_facts_.tags().text);
    write_description({config_, tag_facts_, reading_.provenance, read_, pieces_, facts_, report_}, folder_);
    return std::move(report_);
  }

 private:
  const records::Tags& tags() const { return tag_facts_.tags(); }

  // Where a clip is written before it is known whether its piece is kept.
  fs::path clip_draft(const Piece& piece, std::size_t clip) const { return folder_ / "clips" / fmt::format(".{}.{}", piece.number, clip); }

  // A piece's notes are in memory only while its clips are cut: what is kept of them is their melody and what was measured.
  void read_pieces() {
    log::info("reading the pieces of {}", config_.path);
    reading_ = read_source(config_, tags(), [&](Piece& piece) {
      piece.melody = melody_of(piece.score);
      for (const auto& span : choose_clips(piece, config_)) {
        const auto clip = midi::clip(piece.score, span.from, span.to);
        write_clip(clip_draft(piece, piece.clips.size()), midi::to_midi(clip));
        piece.clips.push_back({span, clip_labels(clip, piece)});
      }
      if (piece.clips.empty()) piece.why_without_clips = why_without_clips(piece, config_);
      piece.score = {};
      piece.bar_lines = {};
    });
    report_.read = reading_.pieces.size();
    report_.skipped = reading_.skipped;
    read_ = pieces_by_collection(reading_.pieces);
  }

  void keep_one_of_each_tune() {
    auto& read = reading_.pieces;
    log::info("comparing the melodies of {} pieces", read.size());
    const auto families = find_families(read, config_.duplicate_similarity, config_.related_similarity);
    for (const auto& tag : tags().tags) {
      if (tag.copies_agree) settle_disputes(tag, families.kept_as);
    }
    for (std::size_t i = 0; i < read.size(); ++i) {
      if (families.kept_as[i] != i) report_.duplicates.push_back({read[i].place, "the same tune as " + read[families.kept_as[i]].place});
    }
    for (std::size_t i = 0; i < read.size(); ++i) {
      const bool kept = families.kept_as[i] == i;
      if (kept && read[i].clips.empty()) report_.without_clips.push_back({read[i].place, read[i].why_without_clips});
      if (!kept || read[i].clips.empty()) {
        for (std::size_t clip = 0; clip < read[i].clips.size(); ++clip) fs::remove(clip_draft(read[i], clip));
        continue;
      }
      family_.push_back(families.family[i]);
      pieces_.push_back(std::move(read[i]));
    }
    if (pieces_.empty()) throw InputError(config_.path, "corpus.path", "no piece of this source gives a clip");
    report_.pieces = pieces_.size();
  }

  // Collections disagree on some tunes: what one calls a reel another calls a hornpipe. A value that all copies of a piece agree on holds
  // for the kept one, also where it stands in another copy only; a disputed one is no fact.
  void settle_disputes(const records::Tag& tag, const std::vector<std::size_t>& kept_as) {
    auto& pieces = reading_.pieces;
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

  // What is known of each clip of each piece.
  void settle_facts() {
    if (tag_facts_.wants_quantiles()) draw_quantiles();
    facts_.resize(pieces_.size());
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      for (const auto& clip : pieces_[i].clips) facts_[i].push_back(facts_of(pieces_[i], clip));
    }
    drop_rare_values();
    for (auto& of_piece : facts_) {
      for (auto& facts : of_piece) {
        std::erase_if(facts,
                      [&](const auto& fact) { return std::ranges::find(tag_facts_.asked(), fact.first) == tag_facts_.asked().end(); });
      }
    }
  }

  Facts facts_of(const Piece& piece, const Clip& clip) const {
    auto facts = tag_facts_.of_labels(clip.labels);
    for (const auto& [tag, value] : piece.labels) {
      const auto& source = tags().at(tag).source();
      const bool by_clip = (source == "meter" && piece.states_meter) || (source == "beats_per_minute" && piece.states_tempo);
      if (!by_clip) facts.emplace(tag, value);
    }
    return facts;
  }

  // What lies between the classes of measures is drawn from the clips where the tags say so.
  void draw_quantiles() {
    std::map<std::string, std::vector<double>> values;
    for (const auto& piece : pieces_) {
      for (const auto& clip : piece.clips) tag_facts_.add_quantile_values(clip.labels, values);
    }
    tag_facts_.set_quantiles(values);
  }

  // A class of too few pieces can be neither learnt nor measured: it is no fact.
  void drop_rare_values() {
    const auto can_be_rare = [&](const std::string& name) {
      const auto& tag = tags().at(name);
      return tag.is_closed() && !is_measured_number(tag.source());
    };
    std::map<std::pair<std::string, std::string>, std::size_t> pieces;
    for (const auto& of_piece : facts_) {
      std::set<std::pair<std::string, std::string>> seen;
      for (const auto& facts : of_piece) seen.insert(facts.begin(), facts.end());
      for (const auto& fact : seen) ++pieces[fact];
    }
    const auto enough = static_cast<std::size_t>(config_.min_label_pieces);
    for (auto& of_piece : facts_) {
      for (auto& facts : of_piece)
        std::erase_if(facts, [&](const auto& fact) { return can_be_rare(fact.first) && pieces.at(fact) < enough; });
    }
    for (const auto& [fact, count] : pieces) {
      if (can_be_rare(fact.first) && count < enough) report_.rare.push_back({fact.first, fact.second, count});
    }
  }

  // One split after the other and one piece after the other, so that not all questions are in memory at once.
  void write_questions() {
    splits_ = split_pieces();
    const auto names = tags().names();
    Progress progress("writing questions", pieces_.size());
    std::size_t done = 0;
    for (const auto split : records::all_splits()) {
      AtomicFile file(records::split_file(folder_, records::name(split)));
      for (std::size_t i = 0; i < pieces_.size(); ++i) {
        if (splits_[i] != split) continue;
        std::string lines;
        for (const auto& question : questions_about(i)) lines += json_line(to_json(question, names));
        file.write(lines);
        progress.update(++done);
      }
      file.commit();
    }
  }

  // No file where the tags have no unseen wordings.
  void write_unseen() {
    std::vector<records::Question> questions;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (splits_[i] != Split::test) continue;
      for (std::size_t clip = 0; clip < pieces_[i].clips.size(); ++clip) {
        const ClipFacts known = {clip_id(i, clip), facts_[i][clip]};
        Random random(seed_for(config_.seed, ("unseen/" + known.id).c_str()));
        add_questions(i, clip, "unseen.", writer_.write_unseen(known, random), questions);
      }
    }
    if (questions.empty()) return;
    std::string lines;
    const auto names = tags().names();
    for (const auto& question : balanced(std::move(questions), config_.seed)) lines += json_line(to_json(question, names));
    write_atomically(records::split_file(folder_, records::kUnseenSplit), lines);
  }

  std::vector<Split> split_pieces() const {
    std::vector<std::string> ids;
    for (const auto& piece : pieces_) ids.push_back(piece.id);
    auto splits = assign_splits(ids, family_, config_.valid_fraction, config_.test_fraction, config_.seed);
    for (const auto split : records::all_splits()) {
      if (std::ranges::find(splits, split) == splits.end()) log::warning("the {} side has no pieces", records::name(split));
    }
    return splits;
  }

  // Gives the piece's clips their names, and writes what is asked about them.
  std::vector<records::Question> questions_about(std::size_t index) {
    const auto& piece = pieces_[index];
    std::vector<records::Question> questions;
    for (std::size_t i = 0; i < piece.clips.size(); ++i) {
      const ClipFacts known = {clip_id(index, i), facts_[index][i]};
      fs::rename(clip_draft(piece, i), folder_ / clip_file(known.id));
      ++report_.clips;
      Random random(seed_for(config_.seed, ("wording/" + known.id).c_str()));
      add_questions(index, i, "", writer_.write(known, random), questions);
    }
    report_.questions += questions.size();
    return questions;
  }

  std::string clip_id(std::size_t piece, std::size_t clip) const { return fmt::format("{}.{}", pieces_[piece].id, clip + 1); }
  static std::string clip_file(const std::string& clip_id) { return fmt::format("clips/{}.mid", clip_id); }

  // What was written about a clip as records, whose ids have `kind` in them.
  void add_questions(std::size_t index, std::size_t clip, const std::string& kind, std::vector<QuestionAnswer> written,
                     std::vector<records::Question>& questions) const {
    const auto& piece = pieces_[index];
    const auto& span = piece.clips[clip].span;
    const auto clip_id = this->clip_id(index, clip);
    std::map<std::string, int> asked;
    for (auto& [task, tag, question, answer, also, yes_if, earlier] : written) {
      const auto id = fmt::format("{}.{}{}.{}", clip_id, kind, tag, ++asked[tag]);
      questions.push_back({id, piece.id, clip_file(clip_id), span.start.value, span.end.value, task, tag, std::move(question),
                           std::move(answer), facts_[index][clip], "", std::move(also), std::move(yes_if), std::move(earlier)});
    }
  }

  const config::Corpus& config_;
  TagFacts tag_facts_;
  const QuestionWriter& writer_;
  fs::path folder_;
  Reading reading_;
  CollectionCounts read_;
  std::vector<Piece> pieces_;              // kept
  std::vector<std::size_t> family_;        // of each kept piece
  std::vector<Split> splits_;              // of each kept piece
  std::vector<std::vector<Facts>> facts_;  // of each clip of each kept piece
  BuildReport report_;
};

void log_report(const BuildReport& report) {
  const auto shown = std::min<std::size_t>(report.skipped.size(), 10);
  for (const auto& [place, reason] : std::span(report.skipped).first(shown)) log::warning("skipped: {}: {}", place, reason);
  if (shown < report.skipped.size()) log::warning("skipped: {} more, see dataset.json", report.skipped.size() - shown);
  log::info("{} pieces kept of {} ({} could not be read, {} duplicates, {} without a clip): {} clips, {} questions", report.pieces,
            report.read + report.skipped.size(), report.skipped.size(), report.duplicates.size(), report.without_clips.size(), report.clips,
            report.questions);
}

}  // namespace

void require_dataset_folder(const fs::path& directory) {
  if (!fs::exists(directory)) return;
  const bool is_dataset = fs::exists(directory / records::kDatasetFile);
  if (!is_dataset && !(fs::is_directory(directory) && fs::is_empty(directory)))
    throw InputError(directory.string(), "", "exists and is no dataset (no dataset.json in it): give another folder or remove it");
  // A new dataset takes the folder's place, and all that is in it goes.
  std::set<std::string> own = {"clips", records::kDatasetFile, records::kTagFile, records::split_file("", records::kUnseenSplit).string()};
  for (const auto split : records::all_splits()) own.insert(records::split_file("", records::name(split)).string());
  std::vector<std::string> others;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (!own.contains(entry.path().filename().string())) others.push_back(entry.path().filename().string());
  }
  std::ranges::sort(others);
  if (!others.empty())
    throw InputError(directory.string(), "",
                     fmt::format("holds what no build has written and a new dataset would replace: {}; give another "
                                 "folder or move that away",
                                 fmt::join(others, ", ")));
}

// Replacing the dataset would delete the files that it was made of.
void require_source_elsewhere(const fs::path& source, const fs::path& directory) {
  std::error_code error;
  const fs::path within = fs::weakly_canonical(source, error), dataset = fs::weakly_canonical(directory, error);
  const auto [differs, rest] = std::mismatch(dataset.begin(), dataset.end(), within.begin(), within.end());
  if (differs == dataset.end())
    throw InputError(source.string(), "corpus.path", fmt::format("is in data.dir, {}, which the build replaces", directory.string()));
}

BuildReport build_dataset(const config::Corpus& config, const records::Tags& tags, const QuestionWriter& writer,
                          const fs::path& directory) {
  require_dataset_folder(directory);
  require_source_elsewhere(config.path, directory);
  const WriterLock lock(directory);
  StagedDirectory staged(directory);
  auto report = Builder(config, tags, writer, staged.path()).run();
  staged.put_in_place();
  log_report(report);
  for (const auto& warning : dataset_warnings(directory)) log::warning("{}", warning);
  return report;
}

BuildReport build_dataset(const config::Corpus& config, const fs::path& directory) {
  const auto tags = records::read_tags(config.tag_file);
  return build_dataset(config, tags, TemplateWriter(config, tags), directory);
}

}  // namespace midillama::corpus
