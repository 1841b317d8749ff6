// The answers of one who never listens: for each kind of question, what the training split says most often.
#pragma once

#include "midillama/records/question.h"
#include "midillama/records/tags.h"
#include "midillama/systems/answerer.h"

#include <compare>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace midillama::systems {

// What a question asks for, whatever its words.
struct Asked {
  std::string task;
  std::set<std::string> tags;
  std::string yes_if;

  bool is_for_one_fact() const { return task == "qa" && yes_if.empty() && tags.size() == 1; }
  auto operator<=>(const Asked&) const = default;
};

class MostFrequentAnswers {
 public:
  MostFrequentAnswers(const records::Tags& tags, const records::EachQuestion& training);

  // The most frequent wording of the most frequent truth among the training questions that ask for the same: of the facts, of yes and no,
  // of a caption's whole set of facts. Equally frequent ones: the first in alphabetical order. Where training never asks for the same, yes
  // or no as more training questions about the tag would have it, or the answers about each of the tags one after the other.
  std::string to(const records::Question& question) const;

 private:
  std::string yes_or_no(const records::Question& question) const;

  std::map<Asked, std::string> answers_;
  std::map<std::string, std::map<std::string, std::size_t>> values_;  // of each tag, how often they are asked for
};

// The same from the training split. The resources must outlive it.
std::unique_ptr<Answerer> make_most_frequent(Resources& resources);

}  // namespace midillama::systems
