#include "midillama/systems/checked_facts.h"

#include "midillama/corpus/facts.h"

namespace midillama::systems {
namespace {

// In the form in which stated_fact() gives values, so that data written by others compare equal.
std::string canonical(const std::string& tag, const std::string& value) {
  return corpus::stated_fact(tag, value).value_or(value);
}

}  // namespace

std::map<std::string, std::string> checked_facts(const data::Question& question) {
  std::map<std::string, std::string> facts;
  for (const auto& tag : corpus::tag_names()) {
    const bool asked = question.task == "caption" ? corpus::stated_fact(tag, question.answer).has_value() : tag == question.tag;
    const auto fact = question.facts.find(tag);
    if (asked && fact != question.facts.end() && fact->is_string()) facts[tag] = canonical(tag, fact->get<std::string>());
  }
  return facts;
}

}  // namespace midillama::systems
