#include "description.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/splits.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/octuple.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace midillama::corpus {
namespace {

constexpr double kMillisecond = 0.001;  // the times' precision

struct Located {
  Example example;
  Split split;
  std::string place;  // "train.jsonl: line 3"
};

// One clip as its lines describe it.
struct Clip {
  const Located* first;
  std::string notes;  // fingerprint of its notes, transposition aside; empty where the file could not be read
};

bool is_tag(const std::string& tag) {
  return std::find(tag_names().begin(), tag_names().end(), tag) != tag_names().end();
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
  explicit Check(const std::filesystem::path& directory) : directory_(directory) {}

  std::vector<std::string> run() {
    read_lines();
    for (const auto& located : examples_) check_example(located);
    check_ids();
    check_clips();
    check_sides();
    check_description();
    return std::move(problems_);
  }

 private:
  void problem(const std::string& place, const std::string& what) { problems_.push_back(place + ": " + what); }

  void read_lines() {
    for (const auto split : all_splits()) {
      const auto path = directory_ / (name(split) + ".jsonl");
      try {
        for_each_json_line(path, [&](const Json& value, std::size_t line) { read_line(value, path, split, line); });
      } catch (const Error& error) {
        problems_.emplace_back(error.what());
      }
    }
  }

  void read_line(const Json& value, const std::filesystem::path& path, Split split, std::size_t line) {
    try {
      auto example = example_from_json(value, path.string(), line);
      examples_.push_back({std::move(example), split, fmt::format("{}: line {}", path.string(), line)});
    } catch (const InputError& error) {
      problems_.emplace_back(error.what());
    }
  }

  void check_example(const Located& located) {
    const auto& [example, split, place] = located;
    if (example.start < 0 || example.end <= example.start) problem(place, "\"end\" must be behind \"start\"");
    if (example.question.empty() || example.answer.empty()) problem(place, "question and answer must not be empty");
    for (const auto& [tag, value] : example.facts) {
      if (!is_tag(tag)) problem(place, fmt::format("the fact \"{}\" is not a tag", tag));
    }
    if (example.task == "qa") {
      check_answer(located);
    } else if (example.task == "caption") {
      check_caption(located);
    } else {
      problem(place, fmt::format("the task \"{}\" must be qa or caption", example.task));
    }
  }

  void check_answer(const Located& located) {
    const auto& [example, split, place] = located;
    const auto fact = example.facts.find(example.tag);
    if (fact == example.facts.end()) {
      problem(place, fmt::format("a question about \"{}\", which is not among the facts", example.tag));
    } else if (is_tag(example.tag) && stated_fact(example.tag, example.answer) != fact->second) {
      problem(place, fmt::format("the answer \"{}\" does not state the fact \"{}\"", example.answer, fact->second));
    }
  }

  // A caption may leave facts out, but must not state others. Words of tempo, register and density have other senses in free text.
  void check_caption(const Located& located) {
    const auto& [example, split, place] = located;
    if (example.tag != "caption") problem(place, "a caption's tag must be \"caption\"");
    for (const std::string tag : {"dance", "key", "meter"}) {
      const auto stated = stated_fact(tag, example.answer);
      const auto fact = example.facts.find(tag);
      const bool contradicts = stated && (fact == example.facts.end() || fact->second != *stated);
      if (contradicts) problem(place, fmt::format("the caption states the {} \"{}\", which is no fact", tag, *stated));
    }
  }

  void check_ids() {
    std::map<std::string, std::string> first;
    for (const auto& located : examples_) {
      const auto [at, added] = first.emplace(located.example.id, located.place);
      if (!added) problem(located.place, fmt::format("the id \"{}\" stands in {} already", located.example.id, at->second));
    }
  }

  // Gathers the clips, reading each file once.
  void check_clips() {
    for (const auto& located : examples_) {
      const auto [at, added] = clips_.emplace(located.example.clip, Clip{&located, ""});
      const auto& first = at->second.first->example;
      const auto& here = located.example;
      const bool same = here.piece == first.piece && here.start == first.start && here.end == first.end && here.facts == first.facts;
      if (!same)
        problem(located.place, fmt::format("piece, times or facts of {} differ from those in {}", here.clip, at->second.first->place));
    }
    std::vector<Clip*> list;
    for (auto& [file, clip] : clips_) list.push_back(&clip);
    std::mutex mutex;
    parallel_for(list.size(), [&](std::size_t i) {
      const auto wrong = read_clip(*list[i]);
      if (wrong.empty()) return;
      const std::lock_guard lock(mutex);
      problem(list[i]->first->place, wrong);
    });
    std::sort(problems_.begin(), problems_.end());
  }

  // What is wrong with the clip's file; empty where nothing is.
  std::string read_clip(Clip& clip) const {
    const auto& example = clip.first->example;
    try {
      const auto score = midi::read_midi(directory_ / example.clip);
      if (score.note_count() == 0) return example.clip + ": has no notes";
      if (score.to_seconds(score.end()).value > example.end - example.start + 2 * kMillisecond)
        return example.clip + ": is longer than its times say";
      octuple::encode(score);
      clip.notes = note_content(score);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

  void check_sides() {
    std::map<std::string, const Located*> pieces;
    for (const auto& located : examples_) {
      const auto* first = pieces.emplace(located.example.piece, &located).first->second;
      if (first->split != located.split) {
        problem(located.place, fmt::format("the piece \"{}\" stands in {}.jsonl too", located.example.piece, name(first->split)));
      }
    }
    std::map<std::string, const Clip*> notes;
    for (const auto& [file, clip] : clips_) {
      if (clip.notes.empty()) continue;
      const auto* first = notes.emplace(clip.notes, &clip).first->second;
      if (first->first->split == clip.first->split) continue;
      problem(clip.first->place,
              fmt::format("{} has the notes of {} in {}.jsonl", file, first->first->example.clip, name(first->first->split)));
    }
  }

  void check_description() {
    const auto path = directory_ / "dataset.json";
    try {
      const auto description = dataset_statistics(directory_);
      OrderedJson splits = OrderedJson::object();
      for (const auto split : all_splits()) {
        splits[name(split)] = describe_split(directory_ / (name(split) + ".jsonl"));
        const auto written = description.at("splits").at(name(split));
        if (written != splits[name(split)])
          problem(path.string(), fmt::format("splits.{}: counts or fingerprint differ from the file", name(split)));
      }
      if (description.at("vocabulary") != vocabulary(splits)) problem(path.string(), "vocabulary: differs from the facts of the splits");
    } catch (const Error& error) {
      problems_.emplace_back(error.what());
    } catch (const Json::exception& error) {
      problem(path.string(), error.what());
    }
  }

  std::filesystem::path directory_;
  std::vector<Located> examples_;
  std::map<std::string, Clip> clips_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_dataset(const std::filesystem::path& directory) {
  return Check(directory).run();
}

}  // namespace midillama::corpus
