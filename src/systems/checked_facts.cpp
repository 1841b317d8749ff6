#include "midillama/systems/checked_facts.h"

#include "midillama/records/stated_value.h"

#include <algorithm>

namespace midillama::systems {
namespace {

// In the form in which stated_value() gives values, so that data written by others compare equal.
std::string canonical(const records::Tag& tag, const std::string& value) {
  return records::stated_value(tag, value).value_or(value);
}

}  // namespace

records::Facts checked_facts(const records::Tags& tags, const records::Question& question) {
  records::Facts facts;
  for (const auto& tag : tags.tags) {
    const auto fact = question.facts.find(tag.name);
    if (fact == question.facts.end() || !tag.is_checkable()) continue;
    const bool asked = tag.name == question.tag || std::ranges::count(question.also, tag.name) > 0;
    const bool checked = question.task == "caption" ? records::stated_value(tag, question.answer).has_value() : asked;
    if (checked) facts[tag.name] = canonical(tag, fact->second);
  }
  return facts;
}

}  // namespace midillama::systems
