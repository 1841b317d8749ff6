#include "corpus/write_dataset.h"

#include "corpus/clip_labels.h"
#include "corpus/unseen.h"
#include "midillama/core/atomic_file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/progress.h"
#include "midillama/corpus/splits.h"
#include "midillama/records/question.h"

#include <algorithm>
#include <map>
#include <set>

namespace midillama::corpus {
namespace {

namespace fs = std::filesystem;

// The second half of a build, step by step.
class DatasetWriter {
 public:
  DatasetWriter(const config::Corpus& config, const records::Tags& tags, const QuestionWriter& writer, fs::path folder, Segments segments)
      : config_(config),
        tag_facts_(tags, config),
        writer_(writer),
        folder_(std::move(folder)),
        segments_(std::move(segments)),
        pieces_(segments_.pieces),
        report_(segments_.report) {}

  BuildReport run() {
    settle_facts();
    write_questions();
    write_unseen();
    write_facts();
    write_atomically(folder_ / records::kTagFile, tag_facts_.tags().text);
    write_description({config_, tag_facts_, segments_.provenance, segments_.read, pieces_, splits_, facts_, report_}, folder_);
    return std::move(report_);
  }

 private:
  const records::Tags& tags() const { return tag_facts_.tags(); }

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
        const ClipFacts known = {clip_id(pieces_[i], clip), facts_[i][clip]};
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

  // What is asked about the piece's clips.
  std::vector<records::Question> questions_about(std::size_t index) {
    const auto& piece = pieces_[index];
    std::vector<records::Question> questions;
    for (std::size_t i = 0; i < piece.clips.size(); ++i) {
      const ClipFacts known = {clip_id(piece, i), facts_[index][i]};
      Random random(seed_for(config_.seed, ("wording/" + known.id).c_str()));
      add_questions(index, i, "", writer_.write(known, random), questions);
    }
    report_.questions += questions.size();
    return questions;
  }

  // What was written about a clip as records, whose ids have `kind` in them.
  void add_questions(std::size_t index, std::size_t clip, const std::string& kind, std::vector<QuestionAnswer> written,
                     std::vector<records::Question>& questions) const {
    const auto& piece = pieces_[index];
    const auto& span = piece.clips[clip].span;
    const auto id_of_clip = clip_id(piece, clip);
    std::map<std::string, int> asked;
    for (auto& [task, tag, question, answer, also, yes_if, earlier] : written) {
      const auto id = fmt::format("{}.{}{}.{}", id_of_clip, kind, tag, ++asked[tag]);
      questions.push_back({id, piece.id, clip_file(id_of_clip), span.start.value, span.end.value, task, tag, std::move(question),
                           std::move(answer), facts_[index][clip], "", std::move(also), std::move(yes_if), std::move(earlier)});
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
  const QuestionWriter& writer_;
  fs::path folder_;
  Segments segments_;
  const std::vector<Piece>& pieces_;
  BuildReport& report_;
  std::vector<Split> splits_;              // of each piece
  std::vector<std::vector<Facts>> facts_;  // of each clip of each piece
};

}  // namespace

BuildReport write_dataset(const config::Corpus& config, const records::Tags& tags, const QuestionWriter& writer, const fs::path& folder,
                          Segments segments) {
  return DatasetWriter(config, tags, writer, folder, std::move(segments)).run();
}

}  // namespace midillama::corpus
