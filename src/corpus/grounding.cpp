#include "corpus/grounding.h"

#include "midillama/records/stated_value.h"
#include "midillama/records/words.h"
#include "midillama/works/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace midillama::corpus {
namespace {

constexpr const char* kNotGrounded = "not grounded";
constexpr std::size_t kLongWord = 4;  // bytes from which on a word is one of content
constexpr std::size_t kStem = 5;      // bytes that the forms of a word share: "composed", "composition"

// Of any script; a question of numbers alone asks nothing.
bool has_words(const std::string& text, bool is_question) {
  return std::ranges::any_of(works::words_of(text), [&](const works::Word& word) {
    return !is_question || std::isdigit(static_cast<unsigned char>(word.text.front())) == 0;
  });
}

std::string stem(const std::string& word) {
  return word.substr(0, kStem);
}

// What share of the text's longer words the fact has.
double shared_words(const std::string& text, const std::string& fact) {
  std::set<std::string> stems;
  for (const auto& word : records::words_in(fact)) stems.insert(stem(word.text));
  std::size_t longer = 0, shared = 0;
  for (const auto& word : records::words_in(text)) {
    if (word.text.size() < kLongWord) continue;
    ++longer;
    shared += stems.contains(stem(word.text)) ? 1 : 0;
  }
  return longer == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(longer);
}

// Whether a text about a clip may say this: it is the tag's fact, or no fact of an unmistakable tag is another, and some fact says it.
bool is_told(const records::Tag& tag, const std::string& value, const Facts& facts) {
  const auto is_value = [&](const std::string& other) { return records::same_value(tag, value, other); };
  if (const auto fact = facts.find(tag.name); fact != facts.end()) {
    if (is_value(fact->second)) return true;
    if (tag.unmistakable) return false;
  }
  return std::ranges::any_of(facts,
                             [&](const auto& fact) { return std::ranges::any_of(records::stated_values(tag, fact.second), is_value); });
}

std::set<std::string> held_back_wordings(const records::Tags& tags) {
  std::set<std::string> wordings;
  const auto add = [&](const std::vector<std::string>& some) {
    for (const auto& wording : some) wordings.insert(records::plain_words(wording));
  };
  for (const auto& tag : tags.tags) {
    add(tag.unseen);
    add(tag.follow_ups);
    for (const auto& asked : tag.yes_no) add(asked.unseen);
  }
  for (const auto& together : tags.together) add(together.unseen);
  return wordings;
}

}  // namespace

Grounding::Grounding(const config::Writing& config, const records::Tags& tags)
    : tags_(tags), shared_words_(config.shared_words), held_back_(held_back_wordings(tags)), foreign_words_(tags) {
  for (const auto& phrase : config.forbidden) forbidden_.push_back(records::plain_words(phrase));
}

Fault Grounding::fault_of(const QuestionAnswer& text, const Facts& facts) const {
  for (const std::string* part : {&text.question, &text.answer}) {
    if (part == &text.question && text.task == "caption") continue;  // the tags ask for it
    const bool is_question = part == &text.question;
    if (!has_words(*part, is_question)) return {"missing", is_question ? "there is no question" : "there is no text"};
    const auto words = records::plain_words(*part);
    for (const auto& phrase : forbidden_) {
      if (records::contains_words(words, phrase)) return {"speaks of other things", fmt::format("do not say \"{}\"", phrase)};
    }
  }
  if (text.task == "qa") {
    if (auto fault = fault_of_question(text, facts); !fault.is_none()) return fault;
  }
  return fault_of_answer(text, facts);
}

Fault Grounding::fault_of_question(const QuestionAnswer& text, const Facts& facts) const {
  if (held_back_.contains(records::plain_words(text.question))) return {"held back", "ask it in other words"};
  const auto& tag = tags_.at(text.tag);
  const auto stated = records::stated_value(tag, text.question);
  if (stated && records::same_value(tag, *stated, facts.at(text.tag)))
    return {"gives the answer away", fmt::format("the question says \"{}\" already", *stated)};
  return fault_of_words(text.question, tag.name, facts, true);
}

// What answers, captions and questions alike may not say.
Fault Grounding::fault_of_words(const std::string& words, const std::string& about, const Facts& facts, bool is_question) const {
  for (const auto& tag : tags_.tags) {
    const bool is_bare_number = tag.kind == "number" && tag.units.empty();  // whose numbers are looked at below
    if (tag.name == about || is_bare_number) continue;
    for (const auto& value : records::stated_values(tag, words)) {
      if (!is_told(tag, value, facts)) return {kNotGrounded, fmt::format("it states the {} \"{}\", which is not known", tag.name, value)};
    }
  }
  auto word = foreign_words_.name_in(words, facts);
  if (!word) word = foreign_words_.number_in(words, facts, is_question);
  return word ? Fault{kNotGrounded, fmt::format("\"{}\" is not among what is known", *word)} : Fault{};
}

Fault Grounding::fault_of_answer(const QuestionAnswer& text, const Facts& facts) const {
  records::Question question;
  question.task = text.task;
  question.tag = text.tag;
  question.question = text.question;
  question.answer = text.answer;
  question.facts = facts;
  if (const auto mistakes = records::mistakes_in_facts(question, tags_); !mistakes.empty()) return {kNotGrounded, mistakes.front()};
  if (text.task == "qa") {
    const auto& tag = tags_.at(text.tag);
    for (const auto& value : records::stated_values(tag, text.answer)) {
      if (!records::same_value(tag, value, facts.at(text.tag)))
        return {kNotGrounded, fmt::format("the answer states the {} \"{}\", too, which is not known", tag.name, value)};
    }
  }
  if (auto fault = fault_of_words(text.answer, text.tag, facts, false); !fault.is_none()) return fault;
  if (const auto word = foreign_words_.denial_in(text.answer, facts))
    return {kNotGrounded, fmt::format("say what is, without \"{}\"", *word)};
  if (text.task == "qa" && !tags_.at(text.tag).is_checkable() && shared_words(text.answer, facts.at(text.tag)) < shared_words_)
    return {kNotGrounded, fmt::format("stay closer to the words in which the {} is known", text.tag)};
  if (text.task == "caption") {
    const auto states = [&](const records::Tag& tag) {
      const auto fact = facts.find(tag.name);
      if (fact == facts.end()) return false;
      if (!tag.is_checkable()) return shared_words(fact->second, text.answer) >= shared_words_;
      const auto stated = records::stated_value(tag, text.answer);
      return stated && records::same_value(tag, *stated, fact->second);
    };
    if (std::ranges::none_of(tags_.tags, states)) return {kNotGrounded, "the caption states nothing of what is known"};
  }
  return {};
}

}  // namespace midillama::corpus
