#include "midillama/corpus/question_quota.h"

#include "midillama/core/random.h"

#include <algorithm>
#include <cmath>

namespace midillama::corpus {
namespace {

constexpr double kMostOfOneClip = 4;  // times corpus.questions_per_tag

}  // namespace

QuestionQuota::QuestionQuota(const config::Corpus& config)
    : per_tag_(static_cast<double>(config.questions_per_tag)), is_balanced_(config.balance_tags), seed_(config.seed) {}

void QuestionQuota::share_out(std::span<const ClipFacts> clips) {
  if (!is_balanced_) return;
  std::map<std::string, double> known;  // clips, by tag
  double all = 0;
  for (const auto& clip : clips) {
    for (const auto& [tag, value] : clip.facts) ++known[tag], ++all;
  }
  const double mean = all / static_cast<double>(known.size());
  for (const auto& [tag, count] : known) balanced_[tag] = per_tag_ * std::min(mean / count, kMostOfOneClip);
}

std::size_t QuestionQuota::of(const ClipFacts& clip, const std::string& tag) const {
  if (!clip.facts.contains(tag)) return 0;
  const auto balanced = balanced_.find(tag);
  const double quota = balanced == balanced_.end() ? per_tag_ : balanced->second;
  const double whole = std::floor(quota);
  const bool one_more = Random(seed_for(seed_, ("quota/" + tag + "/" + clip.id).c_str())).uniform() < quota - whole;
  return static_cast<std::size_t>(whole) + (one_more ? 1 : 0);
}

}  // namespace midillama::corpus
