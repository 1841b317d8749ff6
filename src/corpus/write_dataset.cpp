#include "corpus/write_dataset.h"

#include "corpus/settle_facts.h"
#include "corpus/unseen.h"
#include "midillama/core/atomic_file.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/progress.h"
#include "midillama/corpus/splits.h"
#include "midillama/records/question.h"

#include <algorithm>
#include <map>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

// So many are written about before their lines go to the disk.
constexpr std::size_t kClipsAtOnce = 256;

// A clip by its piece's number and its own in the piece.
struct ClipNumber {
  std::size_t piece = 0;
  std::size_t clip = 0;
};

// What is asked about a clip.
struct ClipText {
  std::string lines = {};
  SplitCounts counts = {};
};

// The second half of a build, step by step.
class DatasetWriter {
 public:
  DatasetWriter(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, fs::path folder, Segments segments)
      : config_(config),
        tag_facts_(tags, config),
        writer_(writer),
        folder_(std::move(folder)),
        segments_(std::move(segments)),
        pieces_(segments_.pieces),
        report_(segments_.report) {}

  BuildReport run() {
    facts_ = settle_facts(config_, pieces_, tag_facts_, report_.rare);
    writer_.prepare(clip_facts(pieces_, facts_));
    write_questions();
    write_unseen();
    write_facts();
    write_atomically(folder_ / records::kTagFile, tag_facts_.tags().text);
    write_description(
        {config_, tag_facts_, segments_.provenance, segments_.read, pieces_, splits_, facts_, described_, report_, writer_.description()},
        folder_);
    return std::move(report_);
  }

 private:
  const records::Tags& tags() const { return tag_facts_.tags(); }

  ClipFacts known(ClipNumber clip) const {
    return {clip_id(pieces_[clip.piece], clip.clip), facts_[clip.piece][clip.clip], pieces_[clip.piece].composer};
  }

  // One split after the other and a few clips at once, so that not all questions are in memory.
  void write_questions() {
    splits_ = split_pieces();
    Progress progress("writing questions", report_.clips);
    std::size_t done = 0;
    for (const auto split : records::all_splits()) {
      const auto clips = clips_of(split);
      AtomicFile file(records::split_file(folder_, records::name(split)));
      Fingerprinter fingerprint;
      SplitCounts counts;
      for (std::size_t begin = 0; begin < clips.size(); begin += kClipsAtOnce) {
        std::vector<ClipText> written(std::min(kClipsAtOnce, clips.size() - begin));
        parallel_for(written.size(), [&](std::size_t i) { written[i] = text_about(clips[begin + i]); });
        for (const auto& of_clip : written) {
          file.write(of_clip.lines);
          fingerprint.add(of_clip.lines);
          counts.add(of_clip.counts);
        }
        progress.update(done += written.size());
      }
      file.commit();
      report_.questions += counts.lines();
      described_[records::name(split)] = counts.json(tags(), fingerprint.fingerprint());
    }
  }

  std::vector<ClipNumber> clips_of(Split split) const {
    std::vector<ClipNumber> clips;
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      if (splits_[i] != split) continue;
      for (std::size_t clip = 0; clip < pieces_[i].clips.size(); ++clip) clips.push_back({i, clip});
    }
    return clips;
  }

  ClipText text_about(ClipNumber clip) const {
    ClipText written;
    const auto names = tags().names();
    for (const auto& question : questions_about(clip)) {
      written.lines += json_line(to_json(question, names));
      written.counts.add(question);
    }
    return written;
  }

  // No file where the tags have no unseen wordings.
  void write_unseen() {
    std::vector<records::Question> questions;
    for (const auto clip : clips_of(Split::test)) {
      const ClipFacts facts = known(clip);
      Random random(seed_for(config_.seed, ("unseen/" + facts.id).c_str()));
      add_questions(clip, "unseen.", writer_.write_unseen(facts, random), questions);
    }
    if (questions.empty()) return;
    std::string lines;
    const auto names = tags().names();
    for (const auto& question : balanced(std::move(questions), config_.seed)) lines += json_line(to_json(question, names));
    write_atomically(records::split_file(folder_, records::kUnseenSplit), lines);
  }

  std::vector<std::size_t> family_numbers() const {
    std::map<std::string, std::size_t> numbers;
    std::vector<std::size_t> family;
    for (const auto& name : segments_.family) family.push_back(numbers.emplace(name, numbers.size()).first->second);
    return family;
  }

  std::vector<Split> split_pieces() const {
    std::vector<std::string> ids;
    for (const auto& piece : pieces_) ids.push_back(piece.id);
    auto splits = assign_splits(ids, family_numbers(), config_.valid_fraction, config_.test_fraction, config_.seed);
    for (const auto split : records::all_splits()) {
      if (std::ranges::find(splits, split) == splits.end()) log::warning("the {} side has no pieces", records::name(split));
    }
    return splits;
  }

  std::vector<records::Question> questions_about(ClipNumber clip) const {
    const ClipFacts facts = known(clip);
    Random random(seed_for(config_.seed, ("wording/" + facts.id).c_str()));
    std::vector<records::Question> questions;
    add_questions(clip, "", writer_.write(facts, random), questions);
    return questions;
  }

  // What was written about a clip as records, whose ids have `kind` in them.
  void add_questions(ClipNumber clip, const std::string& kind, std::vector<QuestionAnswer> written,
                     std::vector<records::Question>& questions) const {
    const auto& piece = pieces_[clip.piece];
    const auto& span = piece.clips[clip.clip].span;
    const auto id_of_clip = clip_id(piece, clip.clip);
    std::map<std::string, int> asked;
    for (auto& [task, tag, question, answer, also, yes_if, earlier] : written) {
      const auto id = fmt::format("{}.{}{}.{}", id_of_clip, kind, tag, ++asked[tag]);
      questions.push_back({id, piece.id, clip_file(id_of_clip), span.start.value, span.end.value, task, tag, std::move(question),
                           std::move(answer), facts_[clip.piece][clip.clip], "", std::move(also), std::move(yes_if), std::move(earlier)});
    }
  }

  // Of pieces whose labels come from other files: what holds for the whole piece, and where it is said.
  void write_facts() const {
    if (std::ranges::all_of(pieces_, [](const Piece& piece) { return piece.origins.empty(); })) return;
    AtomicFile file(folder_ / kFactsFile);
    for (std::size_t i = 0; i < pieces_.size(); ++i) file.write(json_line(facts_line(i)));
    file.commit();
  }

  OrderedJson facts_line(std::size_t index) const {
    const auto& piece = pieces_[index];
    OrderedJson facts = OrderedJson::object();
    for (const auto& tag : tags().tags) {
      const auto origin = piece.origins.find(tag.source());
      const auto label = piece.labels.find(tag.name);
      const bool is_fact =
          origin != piece.origins.end() && label != piece.labels.end() && std::ranges::any_of(facts_[index], [&](const Facts& of_clip) {
            const auto fact = of_clip.find(tag.name);
            return fact != of_clip.end() && fact->second == label->second;
          });
      if (!is_fact) continue;
      OrderedJson& fact = facts[tag.name] = {{"value", label->second}, {"from", origin->second.file}};
      if (origin->second.evidence.empty()) continue;
      fact["evidence"] = origin->second.evidence;
      fact["url"] = origin->second.url;
    }
    return {{"piece", piece.id},
            {"work", piece.work},
            {"split", records::name(splits_[index])},
            {"clips", piece.clips.size()},
            {"facts", std::move(facts)}};
  }

  const config::Corpus& config_;
  TagFacts tag_facts_;
  QuestionWriter& writer_;
  fs::path folder_;
  Segments segments_;
  const std::vector<Piece>& pieces_;
  BuildReport& report_;
  std::vector<Split> splits_;              // of each piece
  std::vector<std::vector<Facts>> facts_;  // of each clip of each piece
  OrderedJson described_ = OrderedJson::object();
};

}  // namespace

BuildReport write_dataset(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer, const fs::path& folder,
                          Segments segments) {
  return DatasetWriter(config, tags, writer, folder, std::move(segments)).run();
}

}  // namespace midillama::corpus
