#include "corpus/unseen.h"

#include "midillama/core/hash.h"
#include "midillama/core/random.h"
#include "midillama/records/form.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace midillama::corpus {

std::vector<records::Question> balanced(std::vector<records::Question> questions, std::uint64_t seed) {
  using Indices = std::vector<std::size_t>;
  std::map<std::pair<std::string, std::string>, std::map<std::string, Indices>> by_answer;  // of each tag and yes_if
  std::set<std::size_t> kept;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const auto& question = questions[i];
    if (question.yes_if.empty()) {
      kept.insert(i);
    } else {
      by_answer[{question.tag, question.yes_if}][records::right_answer(question.yes_if, question.facts.at(question.tag))].push_back(i);
    }
  }
  for (auto& [asked, answers] : by_answer) {
    if (answers.size() < 2) continue;
    auto count = kYesOrNoQuestions;
    for (const auto& [answer, indices] : answers) count = std::min(count, indices.size());
    for (auto& [answer, indices] : answers) {
      Random(seed_for(seed, ("yes or no/" + asked.first + "/" + asked.second + "/" + answer).c_str())).shuffle(std::span(indices));
      kept.insert(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(count));
    }
  }
  std::vector<records::Question> result;
  for (const auto index : kept) result.push_back(std::move(questions[index]));
  return result;
}

OrderedJson describe_unseen(const std::filesystem::path& jsonl, const records::Tags& tags) {
  std::set<std::filesystem::path> clips;
  std::map<records::Form, std::size_t> forms;
  std::size_t questions = 0;
  const auto count = [&](const records::Question& question) {
    clips.insert(question.clip);
    ++forms[records::form_of(question)];
    ++questions;
  };
  records::read_lines(jsonl, tags, count, [](const std::string&, const std::string&) {});
  OrderedJson by_form = OrderedJson::object();
  for (const auto& [form, number] : forms) by_form[records::name_of(form)] = number;
  return {{"clips", clips.size()}, {"questions", questions}, {"forms", std::move(by_form)}, {"fingerprint", fingerprint_file(jsonl)}};
}

}  // namespace midillama::corpus
