// How many questions are asked about each tag of a clip.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace midillama::corpus {

using records::Facts;

// What a writer is told of a clip.
struct ClipFacts {
  std::string id;
  Facts facts;
  std::string composer = {};  // as the catalog spells it; empty where it does not say
};

// corpus.questions_per_tag of each. With corpus.balance_tags all tags have about as many in the dataset, which has as many as without: up
// to four times as many of a tag that few clips know, none now and then of one that all know. Which clips get one more is drawn by
// corpus.seed.
class QuestionQuota {
 public:
  explicit QuestionQuota(const config::Corpus& config);

  // Told of all clips, before of() where tags are balanced.
  void share_out(std::span<const ClipFacts> clips);

  // The same whenever it is asked; 0 where the clip does not know the tag. How many wordings there are is for writers to say.
  std::size_t of(const ClipFacts& clip, const std::string& tag) const;

 private:
  double per_tag_;
  bool is_balanced_;
  std::uint64_t seed_;
  std::map<std::string, double> balanced_;  // of each clip that knows the tag, on the average
};

}  // namespace midillama::corpus
