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

// Questions and where they stand ("tags[0].yes_no[1].unseen").
struct Asked {
  std::string key;
  const std::vector<std::string>* questions;
};

std::vector<Asked> unseen_questions(const Tags& tags) {
  std::vector<Asked> all;
  for (std::size_t i = 0; i < tags.tags.size(); ++i) {
    const auto& tag = tags.tags[i];
    all.push_back({fmt::format("tags[{}].unseen", i), &tag.unseen});
    all.push_back({fmt::format("tags[{}].follow_ups", i), &tag.follow_ups});
    for (std::size_t k = 0; k < tag.yes_no.size(); ++k)
      all.push_back({fmt::format("tags[{}].yes_no[{}].unseen", i, k), &tag.yes_no[k].unseen});
  }
  for (std::size_t i = 0; i < tags.together.size(); ++i) all.push_back({fmt::format("together[{}].unseen", i), &tags.together[i].unseen});
  return all;
}

std::vector<Asked> training_questions(const Tags& tags) {
  std::vector<Asked> all = {{"captions.questions", &tags.captions.questions}};
  for (std::size_t i = 0; i < tags.tags.size(); ++i) {
    const auto& tag = tags.tags[i];
    all.push_back({fmt::format("tags[{}].questions", i), &tag.questions});
    for (std::size_t k = 0; k < tag.yes_no.size(); ++k)
      all.push_back({fmt::format("tags[{}].yes_no[{}].questions", i, k), &tag.yes_no[k].questions});
  }
  for (std::size_t i = 0; i < tags.together.size(); ++i)
    all.push_back({fmt::format("together[{}].questions", i), &tags.together[i].questions});
  return all;
}

// Values of a tag for wordings to be tried with: all of a closed one's, some of the others'.
std::vector<std::string> some_values(const Tag& tag) {
  std::vector<std::string> values;
  for (const auto& value : tag.values) values.push_back(value.value);
  if (tag.kind == "key") values = {"F sharp minor", "C major"};
  if (tag.kind == "meter") values = {"6/8", "3/4"};
  if (tag.kind == "number") values = {"72"};
  if (tag.kind == "text") values = {"words"};
  for (const YesNo& asked : tag.yes_no) {
    if (stated_value(tag, asked.yes_if) == asked.yes_if) values.push_back(asked.yes_if);
  }
  return values;
}

// What may be known where a wording is filled in: the facts of the tags in `sure` for certain, those of the others that it names perhaps.
// All and none of these, each of them alone or missing, and all with each value of each tag.
std::vector<Facts> possible_facts(const Tags& tags, const std::string& wording, const std::set<std::string>& sure) {
  const auto add = [&](Facts& facts, const std::string& name) {
    const auto values = some_values(tags.at(name));
    if (!values.empty()) facts.try_emplace(name, values.front());
  };
  Facts least;
  for (const auto& name : sure) add(least, name);
  Facts full = least;
  for (const auto& name : named_tags(wording)) add(full, name);
  std::vector<Facts> all = {full, least};
  for (const auto& [name, value] : full) {
    if (sure.contains(name)) continue;
    all.push_back(least);
    all.back()[name] = value;
    all.push_back(full);
    all.back().erase(name);
  }
  for (const auto& [name, first] : full) {
    for (const auto& value : some_values(tags.at(name))) {
      all.push_back(full);
      all.back()[name] = value;
    }
  }
  return all;
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
    for (std::size_t i = 0; i < tag.answers.size(); ++i)
      check_answer(asked_about({tag.name}), tag.answers[i], fmt::format("{}.answers[{}]", key, i));
    for (std::size_t i = 0; i < tag.yes_no.size(); ++i) check_yes_no(tag, tag.yes_no[i], fmt::format("{}.yes_no[{}]", key, i));
    check_yes_no_questions(tag, key);
    check_yes_no_answers(tag, key + ".yes_no_answers");
    if (tag.answers.empty() && !(tag.unseen.empty() && tag.follow_ups.empty())) complain(key + ".answers", "unseen wordings need answers");
    if (!tag.follow_ups.empty() && tags_.earlier.empty())
      complain(key + ".follow_ups", "follow questions about the tags in `earlier`: none are given");
    if (!tag.follow_ups.empty() && std::ranges::count(tags_.earlier, tag.name) > 0)
      complain(key + ".follow_ups", fmt::format("would never be asked: \"{}\" is in `earlier`", tag.name));
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
    for (const YesNo& asked : tag.yes_no) {
      Question question = asked_about({tag.name});
      question.yes_if = asked.yes_if;
      check_yes_no_answers(question, yes, "yes", key + ".yes");
      check_yes_no_answers(question, no, "no", key + ".no");
    }
  }

  void check_yes_no_answers(const Question& question, const std::vector<std::string>& wordings, const std::string& word,
                            const std::string& key) {
    for (std::size_t i = 0; i < wordings.size(); ++i) check_answer(question, wordings[i], fmt::format("{}[{}]", key, i), word);
  }

  // A question that only one of the answers is ever right for tells nothing.
  void check_yes_no(const Tag& tag, const YesNo& asked, const std::string& key) {
    const auto words = plain_words(asked.yes_if);
    if (asked.questions.empty() && asked.unseen.empty()) complain(key, "is asked in no wording: give questions or unseen");
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

  static Question asked_about(const std::vector<std::string>& names) {
    Question question;
    question.task = "qa";
    question.tag = names.front();
    question.also.assign(names.begin() + 1, names.end());
    return question;
  }

  // What can be written by it holds to what is demanded of a dataset's lines; of yes and no, where that `word` is right.
  void check_answer(Question question, const std::string& wording, const std::string& key, const std::string& word = "") {
    std::set<std::string> sure(question.also.begin(), question.also.end());
    sure.insert(question.tag);
    if (!check_wording(wording, key) || std::ranges::any_of(sure, [&](const auto& name) { return some_values(tags_.at(name)).empty(); }))
      return;
    for (const Facts& facts : possible_facts(tags_, wording, sure)) {
      if (!word.empty() && right_answer(question.yes_if, facts.at(question.tag)) != word) continue;
      const auto answer = fill_known(wording, facts, tags_);
      if (!answer)
        return complain(key, fmt::format("\"{}\" needs another tag's fact, which may not be known: put that part in brackets", wording));
      if (!check_line(question, facts, *answer, key)) return;
    }
  }

  bool check_line(Question& question, const Facts& facts, const std::string& answer, const std::string& key) {
    question.facts = facts, question.answer = answer;
    const auto mistakes = mistakes_in_facts(question, tags_);
    if (!mistakes.empty()) complain(key, mistakes.front());
    return mistakes.empty();
  }

  void check_part(const CaptionPart& part, const std::string& wording, const std::string& key) {
    if (!check_wording(wording, key)) return;
    Question caption;
    caption.task = "caption";
    for (const Facts& facts : possible_facts(tags_, wording, {part.needs.begin(), part.needs.end()})) {
      const auto text = fill_known(wording, facts, tags_);
      if (text && !check_line(caption, facts, *text, key)) return;
    }
  }

  void check_captions() {
    const auto& [questions, parts] = tags_.captions;
    if (questions.empty() != parts.empty()) complain("captions", "questions and parts are given both or neither");
    for (std::size_t i = 0; i < tags_.captions.parts.size(); ++i) {
      const auto& part = tags_.captions.parts[i];
      const auto key = fmt::format("captions.parts[{}]", i);
      if (part.wordings.empty()) complain(key + ".wordings", "must not be empty");
      const auto is_tag = [&](const std::string& name) { return tags_.find(name) != nullptr; };
      for (const auto& tag : part.needs) {
        if (!is_tag(tag)) complain(key + ".needs", fmt::format("\"{}\" is no tag", tag));
      }
      if (!std::ranges::all_of(part.needs, is_tag)) continue;
      for (std::size_t k = 0; k < part.wordings.size(); ++k) check_part(part, part.wordings[k], fmt::format("{}.wordings[{}]", key, k));
    }
  }

  void check_together(const Together& together, const std::string& key) {
    if (together.answers.empty()) complain(key + ".answers", "must not be empty");
    if (together.questions.empty() && together.unseen.empty()) complain(key, "is asked in no wording: give questions or unseen");
    std::set<std::string> first;
    for (const auto& answer : together.answers) {
      if (!check_wording(answer, key + ".answers")) return;
      const auto names = named_tags(answer);
      const std::set<std::string> named(names.begin(), names.end());
      if (named.size() < 2) complain(key + ".answers", fmt::format("\"{}\" must name at least two tags", answer));
      if (first.empty()) first = named;
      if (named != first) complain(key + ".answers", fmt::format("\"{}\" names other tags than the first answer", answer));
      if (!names.empty()) check_answer(asked_about(names), answer, key + ".answers");
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
    for_questions(training_questions(tags_), [&](const std::string& key, const std::string& question) {
      check_question(question, key);
      seen.insert(plain_words(question));
    });
    for_questions(unseen_questions(tags_), [&](const std::string& key, const std::string& question) {
      check_question(question, key);
      if (seen.contains(plain_words(question))) complain(key, fmt::format("\"{}\" is a question for training, too", question));
    });
  }

  template <typename Visit>
  static void for_questions(const std::vector<Asked>& all, const Visit& visit) {
    for (const auto& [key, questions] : all) {
      for (std::size_t i = 0; i < questions->size(); ++i) visit(fmt::format("{}[{}]", key, i), (*questions)[i]);
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
