#include "corpus/grounding.h"

#include "midillama/records/stated_value.h"
#include "midillama/records/words.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

namespace midillama::corpus {
namespace {

using records::PlainWord;

constexpr const char* kNotGrounded = "not grounded";
constexpr std::size_t kLongWord = 4;  // bytes from which on a word is one of content
constexpr std::size_t kStem = 5;      // bytes that the forms of a word share: "composed", "composition"

bool has_digit(const std::string& word) {
  return std::ranges::any_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Words by sentences, for a capital letter says nothing of the first.
std::vector<std::vector<PlainWord>> sentences_in(std::string_view text) {
  std::vector<std::vector<PlainWord>> sentences;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(".!?:"), text.size() - 1);
    sentences.push_back(records::words_in(text.substr(0, end + 1)));
    text.remove_prefix(end + 1);
  }
  return sentences;
}

std::set<std::string> words_of(const Facts& facts) {
  std::set<std::string> words;
  for (const auto& [tag, value] : facts) {
    for (const auto& word : records::words_in(value)) words.insert(word.text);
  }
  return words;
}

bool is_known_number(const std::string& word, const Facts& facts, const records::Tags& tags) {
  return std::ranges::any_of(tags.tags, [&](const records::Tag& tag) {
    const auto fact = facts.find(tag.name);
    return tag.kind == "number" && fact != facts.end() && records::same_value(tag, word, fact->second);
  });
}

// A value that a tag reads in a name which the facts do not have: "Viennese Classical" where the style is Classical.
bool is_read_by_a_tag(const std::string& word, const Facts& facts, const records::Tags& tags) {
  return std::ranges::any_of(tags.tags, [&](const records::Tag& tag) {
    const auto fact = facts.find(tag.name);
    return fact != facts.end() && std::ranges::any_of(tag.phrases, [&](const records::Alias& alias) {
             return alias.value == fact->second && records::contains_words(alias.words, word);
           });
  });
}

// A name or a number that is none of the facts'.
std::optional<std::string> foreign_word(const std::string& answer, const Facts& facts, const records::Tags& tags) {
  const auto known = words_of(facts);
  for (const auto& sentence : sentences_in(answer)) {
    for (std::size_t i = 0; i < sentence.size(); ++i) {
      const auto& [word, capital] = sentence[i];
      if (known.contains(word)) continue;
      if (has_digit(word) && !is_known_number(word, facts, tags)) return word;
      const bool is_name = capital && i > 0 && word.size() > 1;
      if (is_name && !is_read_by_a_tag(word, facts, tags)) return word;
    }
  }
  return std::nullopt;
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
    : tags_(tags), shared_words_(config.shared_words), held_back_(held_back_wordings(tags)) {
  for (const auto& phrase : config.forbidden) forbidden_.push_back(records::plain_words(phrase));
}

Fault Grounding::fault_of(const QuestionAnswer& text, const Facts& facts) const {
  for (const std::string* part : {&text.question, &text.answer}) {
    if (part == &text.question && text.task == "caption") continue;  // the tags ask for it
    if (text::strip(*part).empty()) return {"missing", "there is no text"};
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
  return {};
}

Fault Grounding::fault_of_answer(const QuestionAnswer& text, const Facts& facts) const {
  records::Question question;
  question.task = text.task;
  question.tag = text.tag;
  question.question = text.question;
  question.answer = text.answer;
  question.facts = facts;
  if (const auto mistakes = records::mistakes_in_facts(question, tags_); !mistakes.empty()) return {kNotGrounded, mistakes.front()};
  // An answer may name other things that are known; a caption's are among the mistakes above.
  for (const auto& tag : tags_.tags) {
    if (text.task == "caption" || !tag.unmistakable || tag.name == text.tag) continue;
    const auto stated = records::stated_value(tag, text.answer);
    if (stated && !records::is_known(tags_, tag, *stated, facts))
      return {kNotGrounded, fmt::format("the answer states the {} \"{}\", which is not known", tag.name, *stated)};
  }
  if (const auto word = foreign_word(text.answer, facts, tags_))
    return {kNotGrounded, fmt::format("\"{}\" is not among what is known", *word)};
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
