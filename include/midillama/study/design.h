// What a listening study asks, and how many take part: a YAML file (configs/folk/study.yaml; docs/study.md explains every key).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama::study {

// What another study found of a criterion, by majority a clip: shown beside the results. -1: not stated.
struct Published {
  std::int64_t first = -1;
  std::int64_t second = -1;
  std::int64_t undecided = -1;
  std::int64_t clips = 0;  // of all

  bool is_stated() const { return first >= 0 || second >= 0 || undecided >= 0; }

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("first", self.first);
    v("second", self.second);
    v("undecided", self.undecided);
    v("clips", self.clips);
  }
};

struct Criterion {
  std::string name;      // in exports: "understanding"
  std::string label;     // in reports
  std::string question;  // as participants read it
  Published published = {};

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("name", self.name);
    v("label", self.label);
    v("question", self.question);
    v("published", self.published);
  }
};

struct Design {
  std::string title;
  std::string consent;  // a Markdown file; relative to the design's folder
  std::uint64_t seed = 1;
  std::int64_t clips = 100;
  std::int64_t judges = 5;         // of each clip
  std::int64_t participants = 17;  // each judges clips * judges / participants, one more or less
  std::int64_t checks = 2;         // of attention, beside those
  std::string check_text;          // stands in place of a caption and says that it is to be chosen
  double heard = 0.9;              // the part of a clip that must be heard before it is judged
  std::vector<Criterion> criteria;
  std::string published_by;  // whose counts the criteria state; as readers of a report are told

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("title", self.title);
    v("consent", self.consent);
    v("seed", self.seed);
    v("clips", self.clips);
    v("judges", self.judges);
    v("participants", self.participants);
    v("checks", self.checks);
    v("check_text", self.check_text);
    v("heard", self.heard);
    v("criteria", self.criteria);
    v("published_by", self.published_by);
  }
};

// ConfigError with every mistake, each naming file and key. `consent` is then a path that can be opened.
Design read_design(const std::filesystem::path& file);
Design parse_design(const std::string& yaml, const std::string& name);

}  // namespace midillama::study
