#include "midillama/records/tags.h"

#include "midillama/config/config.h"
#include "midillama/config/yaml_reader.h"
#include "midillama/core/file.h"
#include "midillama/core/utf8_file.h"
#include "midillama/records/form.h"
#include "midillama/records/question.h"
#include "midillama/records/stated_value.h"
#include "midillama/records/wording.h"
#include "midillama/records/words.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace midillama::records {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string>& kinds() {
  static const std::vector<std::string> names = {"closed", "key", "meter", "number", "text"};
  return names;
}

void make_phrases(Tag& tag) {
  for (const auto& value : tag.values) {
    tag.phrases.push_back({plain_words(value.value), value.value});
    for (const auto& alias : value.aliases) tag.phrases.push_back({plain_words(alias), value.value});
  }
}

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::vector<std::string> unseen_questions(const Tags& tags) {
  std::vector<std::string> all;
  for (const auto& tag : tags.tags) {
    append(all, tag.unseen);
    append(all, tag.follow_ups);
    for (const auto& asked : tag.yes_no) append(all, asked.unseen);
  }
  for (const auto& together : tags.together) append(all, together.unseen);
  return all;
}

std::vector<std::string> training_questions(const Tags& tags) {
  std::vector<std::string> all = tags.captions.questions;
  for (const auto& tag : tags.tags) {
    append(all, tag.questions);
    for (const auto& asked : tag.yes_no) append(all, asked.questions);
  }
  for (const auto& together : tags.together) append(all, together.questions);
  return all;
}

// A value of each tag, for wordings to be tried with.
Facts sample_facts(const Tags& tags) {
  Facts facts;
  for (const auto& tag : tags.tags) {
    if (tag.kind == "closed") facts[tag.name] = tag.values.empty() ? "" : tag.values.front().value;
    if (tag.kind == "key") facts[tag.name] = "F sharp minor";
    if (tag.kind == "meter") facts[tag.name] = "6/8";
    if (tag.kind == "number") facts[tag.name] = "72";
    if (tag.kind == "text") facts[tag.name] = "words";
  }
  return facts;
}

struct Mistake {
  std::string key;
  std::string what;
};

// What a declaration must hold to beyond its form.
class Checker {
 public:
  Checker(const Tags& tags, std::vector<Mistake>& mistakes) : tags_(tags), mistakes_(mistakes) {}

  void run() {
    if (tags_.tags.empty()) complain("tags", "at least one tag is expected");
    for (std::size_t i = 0; i < tags_.tags.size(); ++i) check(tags_.tags[i], fmt::format("tags[{}]", i));
    check_captions();
    for (std::size_t i = 0; i < tags_.together.size(); ++i) check_together(tags_.together[i], fmt::format("together[{}]", i));
    check_earlier();
    check_questions();
  }

 private:
  void complain(const std::string& key, const std::string& what) { mistakes_.push_back({key, what}); }

  void check(const Tag& tag, const std::string& key) {
    if (tag.name.empty()) return complain(key + ".name", "must not be empty");
    if (!names_.insert(tag.name).second) complain(key + ".name", fmt::format("\"{}\" is declared twice", tag.name));
    if (tag.name == "caption" || tag.name.find_first_of("{}[]|") != std::string::npos)
      complain(key + ".name", fmt::format("\"{}\" cannot name a tag", tag.name));
    if (std::ranges::find(kinds(), tag.kind) == kinds().end()) {
      return complain(key + ".kind", fmt::format("\"{}\" must be one of {}", tag.kind, fmt::join(kinds(), ", ")));
    }
    check_values(tag, key);
    if (tag.tolerance < 0) complain(key + ".tolerance", "must be at least 0");
    if (tag.questions.empty() != tag.answers.empty()) complain(key, "questions and answers are given both or neither");
    for (std::size_t i = 0; i < tag.answers.size(); ++i) check_own_answer(tag, tag.answers[i], fmt::format("{}.answers[{}]", key, i));
    for (std::size_t i = 0; i < tag.yes_no.size(); ++i) check_yes_no(tag, tag.yes_no[i], fmt::format("{}.yes_no[{}]", key, i));
    check_yes_no_questions(tag, key);
    check_yes_no_answers(tag, key + ".yes_no_answers");
    if (tag.answers.empty() && !(tag.unseen.empty() && tag.follow_ups.empty())) complain(key + ".answers", "unseen wordings need answers");
    if (!tag.follow_ups.empty() && tags_.earlier.empty())
      complain(key + ".follow_ups", "follow questions about the tags in `earlier`: none are given");
  }

  // Whether a fact may have these words: a value as facts write it, or of a key its mode.
  static bool can_be_words_of(const Tag& tag, const std::string& yes_if) {
    if (tag.kind == "closed") return true;
    if (tag.kind == "key" && (yes_if == "major" || yes_if == "minor")) return true;
    return tag.kind != "number" && stated_value(tag, yes_if) == yes_if;
  }

  // The same question has one answer.
  void check_yes_no_questions(const Tag& tag, const std::string& key) {
    std::map<std::string, std::string> yes_if_of;
    for (const YesNo& asked : tag.yes_no) {
      for (const auto* questions : {&asked.questions, &asked.unseen}) {
        for (const std::string& question : *questions) {
          const auto& known = yes_if_of.try_emplace(question, asked.yes_if).first->second;
          if (known != asked.yes_if)
            complain(key + ".yes_no", fmt::format("\"{}\" is asked with yes_if \"{}\" and \"{}\"", question, known, asked.yes_if));
        }
      }
    }
  }

  void check_yes_no_answers(const Tag& tag, const std::string& key) {
    const auto& [yes, no] = tag.yes_no_answers;
    if (yes.empty() != no.empty()) complain(key, "yes and no are given both or neither");
    if (!yes.empty() && tag.yes_no.empty()) complain(key, "answer questions of yes_no: none are given");
    for (const auto& wording : yes) check_yes_no_answer(tag, wording, "yes", key + ".yes");
    for (const auto& wording : no) check_yes_no_answer(tag, wording, "no", key + ".no");
  }

  void check_own_answer(const Tag& tag, const std::string& wording, const std::string& key) {
    if (check_answer(tag, wording, key)) check_needs_no_other(tag, wording, key);
  }

  // The tag's own fact is all that is known for sure.
  void check_needs_no_other(const Tag& tag, const std::string& wording, const std::string& key) {
    if (!fill_known(wording, {{tag.name, sample_facts(tags_).at(tag.name)}}, tags_))
      complain(key, fmt::format("\"{}\" needs another tag's fact, which may not be known: put that part in brackets", wording));
  }

  void check_yes_no_answer(const Tag& tag, const std::string& wording, const std::string& word, const std::string& key) {
    if (!check_wording(wording, key)) return;
    check_needs_no_other(tag, wording, key);
    const auto answer = fill(wording, sample_facts(tags_), tags_);
    if (said_of_yes_no(answer) != word) complain(key, fmt::format("\"{}\" neither begins nor ends with {}", answer, word));
  }

  // A question that only one of the answers is ever right for tells nothing.
  void check_yes_no(const Tag& tag, const YesNo& asked, const std::string& key) {
    const auto words = plain_words(asked.yes_if);
    if (words.empty()) return complain(key + ".yes_if", "must be words that a value has where the answer is yes");
    if (!tag.is_checkable()) return complain(key, "free text is not asked about with yes or no");
    if (!can_be_words_of(tag, asked.yes_if)) {
      return complain(key + ".yes_if",
                      fmt::format("\"{}\" is not how the facts of a {} are written (\"G minor\" or \"minor\", \"6/8\"; a number has "
                                  "no such words)",
                                  asked.yes_if, tag.kind));
    }
    const auto holds = [&](const TagValue& value) { return contains_words(plain_words(value.value), words); };
    const auto yes = std::ranges::count_if(tag.values, holds);
    if (tag.kind == "closed" && (yes == 0 || yes == std::ssize(tag.values)))
      complain(key + ".yes_if", fmt::format("\"{}\" is in {} of the values", asked.yes_if, yes == 0 ? "none" : "all"));
  }

  void check_values(const Tag& tag, const std::string& key) {
    if (tag.kind != "closed") {
      if (!tag.values.empty()) complain(key + ".values", fmt::format("only a closed tag has values, this one is of the kind {}", tag.kind));
      return;
    }
    if (tag.values.size() < 2) complain(key + ".values", "a closed tag needs at least two values");
    const bool quantiles = tag.bounds == std::vector<std::string>{"quantiles"};
    if (!tag.bounds.empty() && !quantiles && tag.bounds.size() + 1 != tag.values.size())
      complain(key + ".bounds", fmt::format("{} values have {} bounds between them", tag.values.size(), tag.values.size() - 1));
    std::map<std::string, std::string> meanings;
    for (const auto& [words, value] : tag.phrases) {
      if (words.empty()) complain(key + ".values", "a value or alias has no word in it");
      const auto& first = meanings.emplace(words, value).first->second;
      if (first != value) complain(key + ".values", fmt::format("\"{}\" states both {} and {}", words, first, value));
    }
  }

  // False where it names tags that there are not.
  bool check_wording(const std::string& wording, const std::string& key) {
    try {
      for (const auto& name : named_tags(wording)) {
        if (tags_.find(name) != nullptr) continue;
        complain(key, fmt::format("\"{}\" names \"{}\", which is no tag", wording, name));
        return false;
      }
      return true;
    } catch (const Error& error) {
      complain(key, error.what());
      return false;
    }
  }

  // Whether it is right.
  bool check_answer(const Tag& tag, const std::string& wording, const std::string& key) {
    if (!check_wording(wording, key)) return false;
    auto facts = sample_facts(tags_);
    std::vector<std::string> values = {facts[tag.name]};
    for (const auto& value : tag.values) values.push_back(value.value);
    for (const auto& value : values) {
      facts[tag.name] = value;
      const auto answer = fill(wording, facts, tags_);
      if (tag.is_checkable() && stated_value(tag, answer) != value) {
        complain(key, fmt::format("\"{}\" does not state the value {}", answer, value));
        return false;
      }
    }
    return true;
  }

  void check_captions() {
    for (std::size_t i = 0; i < tags_.captions.parts.size(); ++i) {
      const auto& part = tags_.captions.parts[i];
      const auto key = fmt::format("captions.parts[{}]", i);
      if (part.wordings.empty()) complain(key + ".wordings", "must not be empty");
      for (const auto& wording : part.wordings) check_wording(wording, key + ".wordings");
      for (const auto& tag : part.needs) {
        if (tags_.find(tag) == nullptr) complain(key + ".needs", fmt::format("\"{}\" is no tag", tag));
      }
    }
  }

  void check_together(const Together& together, const std::string& key) {
    if (together.answers.empty()) complain(key + ".answers", "must not be empty");
    std::set<std::string> first;
    for (const auto& answer : together.answers) {
      if (!check_wording(answer, key + ".answers")) return;
      const auto names = named_tags(answer);
      const std::set<std::string> named(names.begin(), names.end());
      if (named.size() < 2) complain(key + ".answers", fmt::format("\"{}\" must name at least two tags", answer));
      if (first.empty()) first = named;
      if (named != first) complain(key + ".answers", fmt::format("\"{}\" names other tags than the first answer", answer));
      for (const auto& name : named) check_answer(tags_.at(name), answer, key + ".answers");
    }
  }

  void check_earlier() {
    for (const auto& name : tags_.earlier) {
      const auto* tag = tags_.find(name);
      if (tag == nullptr || tag->questions.empty()) complain("earlier", fmt::format("\"{}\" is no tag that is asked about", name));
    }
  }

  // A question is asked as it is written; what is unseen must be so, however it is written.
  void check_questions() {
    std::set<std::string> seen;
    for (const auto& question : training_questions(tags_)) {
      check_question(question, "questions");
      seen.insert(plain_words(question));
    }
    for (const auto& question : unseen_questions(tags_)) {
      check_question(question, "unseen");
      if (seen.contains(plain_words(question))) complain("unseen", fmt::format("\"{}\" is a question for training, too", question));
    }
  }

  void check_question(const std::string& question, const std::string& key) {
    if (text::strip(question).empty()) complain(key, "a question is empty");
    if (question.find_first_of("{}") != std::string::npos)
      complain(key, fmt::format("\"{}\" would be asked with its braces: only answers and captions are filled in", question));
  }

  const Tags& tags_;
  std::vector<Mistake>& mistakes_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<std::string> Tags::names() const {
  std::vector<std::string> names;
  for (const auto& tag : tags) names.push_back(tag.name);
  return names;
}

const Tag* Tags::find(std::string_view name) const {
  const auto found = std::ranges::find(tags, name, &Tag::name);
  return found == tags.end() ? nullptr : &*found;
}

const Tag& Tags::at(std::string_view name) const {
  if (const auto* tag = find(name)) return *tag;
  throw UsageError(fmt::format("unknown tag \"{}\": there are {}", name, fmt::join(names(), ", ")));
}

Tags parse_tags(const std::string& yaml, const std::string& name) {
  Tags tags;
  std::vector<std::string> mistakes;
  config::read_yaml(yaml, name, tags, mistakes);
  if (mistakes.empty()) {
    for (auto& tag : tags.tags) make_phrases(tag);
    std::vector<Mistake> wrong;
    Checker(tags, wrong).run();
    for (const auto& [key, what] : wrong) mistakes.push_back(fmt::format("{}: {}: {}: {}", name, config::yaml_place(yaml, key), key, what));
  }
  if (!mistakes.empty()) throw ConfigError(std::move(mistakes));
  tags.text = yaml;
  return tags;
}

Tags read_tags(const fs::path& file) {
  const auto found = config::find_file(file);
  return parse_tags(read_utf8(found), found.string());
}

Tags dataset_tags(const fs::path& data_dir) {
  if (fs::exists(data_dir / kTagFile)) return read_tags(data_dir / kTagFile);
  auto tags = read_tags(kFolkTags);
  tags.declared = fs::exists(data_dir / kDatasetFile);
  return tags;
}

}  // namespace midillama::records
