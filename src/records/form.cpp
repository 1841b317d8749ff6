#include "midillama/records/form.h"

#include "midillama/records/stated_value.h"
#include "midillama/records/words.h"

namespace midillama::records {

const std::vector<Form>& all_forms() {
  static const std::vector<Form> forms = {Form::one_fact, Form::several_facts, Form::yes_no, Form::later_turn};
  return forms;
}

Form form_of(const Question& question) {
  if (!question.earlier.empty()) return Form::later_turn;
  if (!question.yes_if.empty()) return Form::yes_no;
  return question.also.empty() ? Form::one_fact : Form::several_facts;
}

std::string name_of(Form form) {
  static const char* const kNames[] = {"one-fact", "several-facts", "yes-no", "later-turn"};
  return kNames[static_cast<int>(form)];
}

std::string label_of(Form form) {
  static const char* const kLabels[] = {"one fact", "several facts at once", "yes or no", "after another question"};
  return kLabels[static_cast<int>(form)];
}

std::string right_answer(const std::string& yes_if, const std::string& value) {
  if (yes_if.empty()) return value;
  return contains_words(plain_words(value), plain_words(yes_if)) ? "yes" : "no";
}

std::optional<std::string> said_of_yes_no(std::string_view text) {
  const auto words = plain_words(text);
  for (const char* word : {"yes", "no"}) {
    if (is_word_at(words, 0, word)) return word;
  }
  for (const char* word : {"yes", "no"}) {
    if (ends_with_words(words, word)) return word;
  }
  return std::nullopt;
}

std::optional<std::string> said(const Tag& tag, const Question& question, std::string_view text) {
  return question.yes_if.empty() ? stated_value(tag, text) : said_of_yes_no(text);
}

}  // namespace midillama::records
