#include "midillama/records/checked_facts.h"

#include "midillama/records/form.h"
#include "midillama/records/stated_value.h"

#include <algorithm>

namespace midillama::records {
namespace {

// In the form in which stated_value() gives values, so that data written by others compare equal.
std::string canonical(const Tag& tag, const std::string& value) {
  return stated_value(tag, value).value_or(value);
}

}  // namespace

Facts checked_facts(const Tags& tags, const Question& question) {
  Facts facts;
  for (const auto& tag : tags.tags) {
    const auto fact = question.facts.find(tag.name);
    if (fact == question.facts.end() || !tag.is_checkable()) continue;
    const bool asked = tag.name == question.tag || std::ranges::count(question.also, tag.name) > 0;
    const bool checked = question.task == "caption" ? stated_value(tag, question.answer).has_value() : asked;
    if (checked) facts[tag.name] = canonical(tag, fact->second);
  }
  return facts;
}

bool is_right(const Tag& tag, const Question& question, const std::optional<std::string>& value, const std::string& fact) {
  return value && same_value(tag, *value, right_answer(question.yes_if, fact));
}

std::vector<std::string> wrong_facts(const Tags& tags, const Question& question, std::string_view text) {
  const Facts facts = checked_facts(tags, question);
  std::vector<std::string> wrong;
  for (const Tag& tag : tags.tags) {
    const auto fact = facts.find(tag.name);
    if (fact != facts.end() && !is_right(tag, question, said(tag, question, text), fact->second)) wrong.push_back(tag.name);
  }
  return wrong;
}

}  // namespace midillama::records
