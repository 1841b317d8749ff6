#include "systems/most_frequent.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/records/checked_facts.h"
#include "midillama/records/form.h"

#include <algorithm>
#include <cstddef>

namespace midillama::systems {
namespace {

// How often a truth is asked for, and how often in which words it is answered.
struct Truth {
  std::size_t questions = 0;
  std::map<std::string, std::size_t> answers;
};

using Truths = std::map<records::Facts, Truth>;

std::string most_frequent(const Truths& truths) {
  const auto& truth = std::ranges::max_element(truths, {}, [](const auto& entry) { return entry.second.questions; })->second;
  return std::ranges::max_element(truth.answers, {}, [](const auto& entry) { return entry.second; })->first;
}

Asked asked_in(const records::Question& question) {
  Asked asked = {question.task, {question.tag}, question.yes_if};
  asked.tags.insert(question.also.begin(), question.also.end());
  return asked;
}

// What a right answer says of each fact.
records::Facts right_answers(const records::Tags& tags, const records::Question& question) {
  auto facts = records::checked_facts(tags, question);
  for (auto& [tag, value] : facts) value = records::right_answer(question.yes_if, value);
  return facts;
}

class MostFrequent final : public Answerer {
 public:
  explicit MostFrequent(Resources& resources) : resources_(resources) {}
  std::string name() const override { return "most-frequent"; }
  std::string label() const override { return "most frequent answer"; }

  std::string fingerprint() const override {
    const auto& data = resources_.config().data;
    return midillama::fingerprint(fingerprint_file(records::split_file(data.dir, data.train_split)) + resources_.questions_fingerprint());
  }

  Answers answer(std::span<const records::Question> questions) override {
    const auto training = [&](const records::OnQuestion& record) { resources_.training().for_each(record); };
    const MostFrequentAnswers most_frequent(resources_.tags(), training);
    Answers answers;
    for (const auto& question : questions) answers.texts.push_back(most_frequent.to(question));
    return answers;
  }

 private:
  Resources& resources_;
};

}  // namespace

MostFrequentAnswers::MostFrequentAnswers(const records::Tags& tags, const records::EachQuestion& training) {
  std::map<Asked, Truths> truths;
  training([&](const records::Question& question) {
    const auto asked = asked_in(question);
    auto& truth = truths[asked][right_answers(tags, question)];
    ++truth.questions;
    ++truth.answers[question.answer];
    if (!asked.is_for_one_fact()) return;
    for (const auto& [tag, value] : records::checked_facts(tags, question)) ++values_[tag][value];
  });
  for (const auto& [asked, of_asked] : truths) answers_[asked] = most_frequent(of_asked);
}

std::string MostFrequentAnswers::to(const records::Question& question) const {
  const auto asked = asked_in(question);
  if (const auto answer = answers_.find(asked); answer != answers_.end()) return answer->second;
  if (!asked.yes_if.empty()) return yes_or_no(question);
  std::string text;
  for (const auto& tag : asked.tags) {
    const auto part = answers_.find({asked.task, {tag}, ""});
    if (part != answers_.end()) text += (text.empty() ? "" : " ") + part->second;
  }
  return text;
}

std::string MostFrequentAnswers::yes_or_no(const records::Question& question) const {
  const auto values = values_.find(question.tag);
  if (values == values_.end()) return "";
  std::ptrdiff_t more = 0;  // that are answered with yes
  for (const auto& [value, count] : values->second) {
    const auto signed_count = static_cast<std::ptrdiff_t>(count);
    more += records::right_answer(question.yes_if, value) == "yes" ? signed_count : -signed_count;
  }
  return more > 0 ? "Yes." : "No.";
}

std::unique_ptr<Answerer> make_most_frequent(Resources& resources) {
  return std::make_unique<MostFrequent>(resources);
}

}  // namespace midillama::systems
