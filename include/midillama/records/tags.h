// Tags as data: what is asked about a clip, where it is known from, how it is asked, answered and found in a text. A YAML file declares
// them (configs/folk/tags.yaml; docs/dataset.md explains every key); nothing in the program knows a tag by name.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::records {

// One value of a closed tag.
struct TagValue {
  std::string value;
  std::vector<std::string> aliases;    // other words that state it
  std::string in_sentence;             // "the United States"; empty: the value itself
  std::string instead_of;              // where a source names that value ...
  std::vector<std::string> in_meters;  // ... of a tune in one of these meters, this one is meant

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("value", self.value);
    v("aliases", self.aliases);
    v("in_sentence", self.in_sentence);
    v("instead_of", self.instead_of);
    v("in_meters", self.in_meters);
  }
};

// Words that state a value: lower case, joined by single spaces.
struct Alias {
  std::string words;
  std::string value;
};

// Questions that are answered with yes or no: yes where the value's words contain those of `yes_if` ("minor" in "G minor").
struct YesNo {
  std::string yes_if;
  std::vector<std::string> questions;  // for all splits
  std::vector<std::string> unseen;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("yes_if", self.yes_if);
    v("questions", self.questions);
    v("unseen", self.unseen);
  }
};

// How they are answered: wordings with facts in them that begin or end with the word. Without them "Yes." and "No.".
struct YesNoAnswers {
  std::vector<std::string> yes;
  std::vector<std::string> no;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("yes", self.yes);
    v("no", self.no);
  }
};

struct Tag {
  std::string name;
  // closed: one of `values`. key: "F sharp minor". meter: "6/8". number: with one of `units`. text: in the answer's own words.
  std::string kind;
  std::string from;                 // the source's label or the clip's measure that it is known from; empty: the label of its name
  std::vector<TagValue> values;     // of a closed tag
  std::vector<std::string> bounds;  // closed tags of a number: where the second value begins, the third, …; numbers, keys of the
                                    // configuration ("corpus.fast_tempo_from"), or the one word "quantiles"
  std::vector<std::string> units;   // of a number, as texts write it: [bpm, beats per minute]
  double tolerance = 0;             // relative difference at which two numbers still agree
  std::string otherwise;            // the noun that stands for it where it is not known ("a tune")
  bool copies_agree = false;        // a value that the copies of a piece dispute is no fact
  bool unmistakable = false;        // its words mean this tag wherever they stand: a caption that states another value is wrong
  std::vector<std::string> questions;
  std::vector<std::string> answers;
  std::vector<YesNo> yes_no;
  YesNoAnswers yes_no_answers;
  // Wordings that only kUnseenSplit has, so that no training question is one of them: of the question alone, and of one that follows
  // others.
  std::vector<std::string> unseen;
  std::vector<std::string> follow_ups;

  std::vector<Alias> phrases;  // of `values`, made by the reader

  const std::string& source() const { return from.empty() ? name : from; }
  // Whether an answer is right or wrong: free text is measured by the text metrics alone.
  bool is_checkable() const { return kind != "text"; }
  // Whether its values are classes, which a probe can learn.
  bool is_closed() const { return kind == "closed" || kind == "key" || kind == "meter"; }

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("name", self.name);
    v("kind", self.kind);
    v("from", self.from);
    v("values", self.values);
    v("bounds", self.bounds);
    v("units", self.units);
    v("tolerance", self.tolerance);
    v("otherwise", self.otherwise);
    v("copies_agree", self.copies_agree);
    v("unmistakable", self.unmistakable);
    v("questions", self.questions);
    v("answers", self.answers);
    v("yes_no", self.yes_no);
    v("yes_no_answers", self.yes_no_answers);
    v("unseen", self.unseen);
    v("follow_ups", self.follow_ups);
  }
};

// Several facts asked at once: those of the tags that the answers name.
struct Together {
  std::vector<std::string> questions;  // for all splits
  std::vector<std::string> unseen;
  std::vector<std::string> answers;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("questions", self.questions);
    v("unseen", self.unseen);
    v("answers", self.answers);
  }
};

struct CaptionPart {
  std::vector<std::string> needs;  // tags without whose facts the part is left out
  std::vector<std::string> wordings;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("needs", self.needs);
    v("wordings", self.wordings);
  }
};

struct Captions {
  std::vector<std::string> questions;
  std::vector<CaptionPart> parts;

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("questions", self.questions);
    v("parts", self.parts);
  }
};

struct Tags {
  std::vector<Tag> tags;  // in the order of a dataset's facts
  Captions captions;
  std::vector<Together> together;
  std::vector<std::string> earlier;  // tags that are asked about first where a follow-up comes after

  std::string text;      // of the file, to be copied into a dataset
  bool declared = true;  // false where a dataset does not say what its tags are and the folk tags stand in: then any tag goes

  std::vector<std::string> names() const;
  const Tag* find(std::string_view name) const;  // nullptr where there is none
  const Tag& at(std::string_view name) const;    // UsageError where there is none

  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& v) {
    v("tags", self.tags);
    v("captions", self.captions);
    v("together", self.together);
    v("earlier", self.earlier);
  }
};

inline constexpr const char* kFolkTags = "configs/folk/tags.yaml";
inline constexpr const char* kTagFile = "tags.yaml";  // in a dataset's folder

// Reads a declaration strictly. ConfigError with every mistake, each naming file, line and key: unknown keys, unknown kinds, a closed tag
// without values, words that state two values, wordings that name no tag, answers that do not state their fact. A file that is not there is
// looked for as configurations are.
Tags read_tags(const std::filesystem::path& file);
Tags parse_tags(const std::string& yaml, const std::string& name);

// The tags of the dataset at `data_dir`: its own tags.yaml; else the folk tags, which every dataset without one was built with.
Tags dataset_tags(const std::filesystem::path& data_dir);

}  // namespace midillama::records
