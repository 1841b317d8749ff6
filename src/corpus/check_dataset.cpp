#include "corpus/check_steps.h"
#include "corpus/unseen.h"
#include "corpus/written_files.h"
#include "description.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/splits.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/octuple.h"
#include "midillama/records/question.h"
#include "midillama/records/words.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace midillama::corpus {
namespace {

constexpr double kMillisecond = 0.001;  // the times' precision

// One clip as its lines describe it.
struct Clip {
  records::Question first;
  Split split = Split::train;
  std::string notes;  // fingerprint of its notes, transposition aside; empty where the file could not be read
};

struct Place {
  Split split;
  std::string line;
};

// Stands for a text: millions of them take much memory, and two of one hash are not to be expected.
std::size_t hash_of(const std::string& text) {
  return std::hash<std::string>{}(text);
}

// Onsets, lengths and pitches above the first, in order.
std::string note_content(const midi::Score& score) {
  std::vector<midi::Note> notes;
  for (const auto& instrument : score.instruments) notes.insert(notes.end(), instrument.notes.begin(), instrument.notes.end());
  std::sort(notes.begin(), notes.end());
  std::string content;
  for (const auto& note : notes) {
    const int pitch = note.pitch - notes.front().pitch;
    content += fmt::format("{} {} {};", note.start.value - notes.front().start.value, (note.end - note.start).value, pitch);
  }
  return fingerprint(content);
}

class Check {
 public:
  Check(const std::filesystem::path& directory, const ExampleLimit& limit)
      : directory_(directory), limit_(limit), tags_(records::dataset_tags(directory)) {}

  std::vector<std::string> run() {
    for (const auto split : records::all_splits()) {
      read_file(records::split_file(directory_, records::name(split)), [&](records::Question question) {
        counts_[split].add(question);
        add(std::move(question), split);
      });
    }
    read_unseen();
    read_clips();
    check_sides();
    collect_errors([&] { check_works(); });
    collect_errors([&] { check_files_of_steps(); });
    check_description();
    std::sort(problems_.begin(), problems_.end());
    problems_.erase(std::unique(problems_.begin(), problems_.end()), problems_.end());  // a file that is read twice, say
    return std::move(problems_);
  }

 private:
  void problem(const std::string& place, const std::string& what) { problems_.push_back(place + ": " + what); }

  void collect_errors(const std::function<void()>& check) {
    try {
      check();
    } catch (const Error& error) {
      problems_.emplace_back(error.what());
    }
  }

  void read_file(const std::filesystem::path& path, const records::OnQuestion& record) {
    if (!std::filesystem::exists(path)) {
      return problem(path.string(), "there is no such file: `midillama data build` writes it beside dataset.json");
    }
    const auto wrong = [&](const std::string& place, const std::string& mistake) { problem(path.string() + ": " + place, mistake); };
    collect_errors([&] { records::read_lines(path, tags_, record, wrong); });
  }

  // A dataset may lack it. Its clips are those of the test split, its wordings none that was trained on.
  void read_unseen() {
    const auto path = records::split_file(directory_, records::kUnseenSplit);
    if (!std::filesystem::exists(path)) return;
    read_file(path, [&](records::Question question) {
      if (question.task != "qa") problem(question.place, "is no question: a file of wordings that are not trained on has the task qa");
      if (training_questions_.contains(hash_of(records::plain_words(question.question))))
        problem(question.place, fmt::format("\"{}\" is a question of train.jsonl, too", question.question));
      if (const auto clip = clips_.find(question.clip); clip == clips_.end() || clip->second.split != Split::test)
        problem(question.place, fmt::format("{} is no clip of test.jsonl", question.clip.string()));
      add(std::move(question), Split::test);
    });
  }

  void check_length(const records::Question& question) {
    const std::int64_t length = limit_.length_of ? limit_.length_of(question) : 0;
    if (length > limit_.most)
      problem(question.place,
              fmt::format("the example has {} tokens, of which training takes {} (prompt.max_length)", length, limit_.most));
  }

  // Two lines that train the same. Those about a clip follow each other.
  void check_repeated(const records::Question& question) {
    if (question.clip != last_clip_) {
      last_clip_ = question.clip;
      said_of_clip_.clear();
    }
    std::string said;
    for (const auto& [asked, answered] : question.earlier) said += asked + '\n' + answered + '\n';
    said += question.question + '\n' + question.answer;
    const auto [first, is_new] = said_of_clip_.emplace(records::plain_words(said), question.id);
    if (!is_new) problem(question.place, fmt::format("asks and answers the same about the clip as \"{}\"", first->second));
  }

  void add(records::Question question, Split split) {
    check_length(question);
    if (split == Split::train) training_questions_.insert(hash_of(records::plain_words(question.question)));
    const auto [id, is_new] = ids_.emplace(hash_of(question.id), split);
    if (!is_new) problem(question.place, fmt::format("the id \"{}\" stands in {}.jsonl already", question.id, records::name(id->second)));
    const auto& piece = pieces_.emplace(question.piece, Place{split, question.place}).first->second;
    if (piece.split != split) {
      problem(question.place, fmt::format("the piece \"{}\" stands in {}.jsonl too", question.piece, records::name(piece.split)));
    }
    check_repeated(question);
    const auto known = clips_.find(question.clip);
    if (known == clips_.end()) {
      auto& clip = clips_[question.clip];
      clip.split = split;
      clip.first = std::move(question);
      return;
    }
    const auto& first = known->second.first;
    const bool same =
        question.piece == first.piece && question.start == first.start && question.end == first.end && question.facts == first.facts;
    if (!same) {
      problem(question.place, fmt::format("piece, times or facts of {} differ from those in {}", question.clip.string(), first.place));
    }
  }

  void read_clips() {
    std::vector<Clip*> list;
    for (auto& [file, clip] : clips_) list.push_back(&clip);
    std::mutex mutex;
    parallel_for("reading clips", list.size(), [&](std::size_t i) {
      const auto wrong = read_clip(*list[i]);
      if (wrong.empty()) return;
      const std::lock_guard lock(mutex);
      problem(list[i]->first.place, wrong);
    });
  }

  // What is wrong with the clip's file; empty where nothing is.
  std::string read_clip(Clip& clip) const {
    const auto name = clip.first.clip.string();
    const auto file = directory_ / clip.first.clip;
    try {
      if (!std::filesystem::is_regular_file(file)) return name + ": there is no such file";
      const auto score = midi::read_midi(file);
      if (score.note_count() == 0) return name + ": has no notes";
      const double length = clip.first.end - clip.first.start;
      if (length > 0 && score.to_seconds(score.end()).value > length + 2 * kMillisecond) return name + ": is longer than its times say";
      if (octuple::encode(score, name).empty()) return name + ": " + octuple::kNoneIsLeft;
      clip.notes = note_content(score);
      return "";
    } catch (const octuple::OctupleError& error) {
      return name + ": " + error.what();
    } catch (const Error& error) {
      return error.what();
    }
  }

  void check_sides() {
    std::map<std::string, const Clip*> notes;
    for (const auto& [file, clip] : clips_) {
      if (clip.notes.empty()) continue;
      const auto* first = notes.emplace(clip.notes, &clip).first->second;
      if (first->split == clip.split) continue;
      problem(clip.first.place,
              fmt::format("{} has the notes of {} in {}.jsonl", file.string(), first->first.clip.string(), records::name(first->split)));
    }
  }

  // Of a collection with a catalog: performances of a work must not be learnt from and tested on.
  void check_works() {
    const auto file = directory_ / works::kPiecesFile;
    if (!std::filesystem::exists(file)) return;
    std::map<std::string, std::string> first;  // piece, by work
    works::for_each_piece(directory_, [&](const works::CatalogPiece& piece) {
      const auto place = pieces_.find(piece.id);
      if (place == pieces_.end()) return;
      const auto& other = first.emplace(piece.work, piece.id).first->second;
      const auto split = place->second.split, other_split = pieces_.at(other).split;
      if (split != other_split)
        problem(place->second.line,
                fmt::format("the work \"{}\" is in {}.jsonl, too, with the piece \"{}\"", piece.work, records::name(other_split), other));
    });
  }

  void check_files_of_steps() {
    Asked asked;
    for (const auto& [piece, place] : pieces_) asked.sides.emplace(piece, place.split);
    for (const auto& [file, clip] : clips_) asked.clips[file.generic_string()] = {clip.first.piece, clip.first.start, clip.first.end};
    check_steps(directory_, asked, [&](const std::string& what) { problems_.push_back(what); });
  }

  // A dataset that was written by hand has no description.
  void check_description() {
    const auto path = directory_ / records::kDatasetFile;
    if (!std::filesystem::exists(path)) return;
    try {
      const auto description = dataset_statistics(directory_);
      OrderedJson splits = OrderedJson::object();
      for (const auto split : records::all_splits()) {
        auto& counted = splits[records::name(split)];
        counted = counts_[split].json(tags_, fingerprint_file(records::split_file(directory_, records::name(split))));
        if (description.at("splits").at(records::name(split)) != counted)
          problem(path.string(), fmt::format("splits.{}: counts or fingerprint differ from the file", records::name(split)));
      }
      const auto unseen = records::split_file(directory_, records::kUnseenSplit);
      const auto counted = std::filesystem::exists(unseen) ? describe_unseen(unseen, tags_) : OrderedJson();
      if (description.value(records::kUnseenSplit, OrderedJson()) != counted)
        problem(path.string(), fmt::format("{}: counts or fingerprint differ from the file", records::kUnseenSplit));
      check_sources(description);
      check_written(description);
      const auto tags = description.value(OrderedJson::json_pointer("/tags/fingerprint"), fingerprint(tags_.text));
      if (std::filesystem::exists(directory_ / records::kTagFile) && tags != fingerprint(tags_.text))
        problem((directory_ / records::kTagFile).string(), "was changed after the dataset was built: its fingerprint differs");
      if (description.at("vocabulary") != vocabulary(splits, tags_))
        problem(path.string(), "vocabulary: differs from the facts of the splits");
    } catch (const Error& error) {
      problems_.emplace_back(error.what());
    } catch (const Json::exception& error) {
      problem(path.string(), error.what());
    }
  }

  // Descriptions of earlier versions do not have it.
  void check_written(const OrderedJson& description) {
    if (!description.contains("written")) return;
    const auto found = written_files(directory_);
    for (const auto& [name, fingerprint] : description["written"].items()) {
      if (found.value(name, OrderedJson()) != fingerprint)
        problem((directory_ / name).string(), "was changed after the dataset was built: its fingerprint differs");
    }
  }

  // Of a collection with a catalog they are the files of the steps. Others have theirs in corpus.path, which need not be there any more.
  void check_sources(const OrderedJson& description) {
    const auto source = description.value(OrderedJson::json_pointer("/settings/source"), "");
    if (std::ranges::find(config::catalog_sources(), source) == config::catalog_sources().end()) return;
    for (const auto& file : description.at("sources").at("files"))
      check_fingerprint(directory_, file.at("path"), file.at("fingerprint"), directory_ / records::kDatasetFile,
                        [&](const std::string& what) { problems_.push_back(what); });
  }

  std::filesystem::path directory_;
  const ExampleLimit& limit_;
  records::Tags tags_;
  std::map<Split, SplitCounts> counts_;
  std::filesystem::path last_clip_;
  std::map<std::string, std::string> said_of_clip_ = {};  // id, by what is asked and answered about last_clip_
  std::unordered_map<std::size_t, Split> ids_;            // by their hashes
  std::map<std::string, Place> pieces_;
  std::map<std::filesystem::path, Clip> clips_;
  std::unordered_set<std::size_t> training_questions_;  // hashes of their plain words
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_dataset(const std::filesystem::path& directory, const ExampleLimit& limit) {
  return Check(directory, limit).run();
}

}  // namespace midillama::corpus
