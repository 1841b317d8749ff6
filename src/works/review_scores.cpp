#include "midillama/core/file.h"
#include "midillama/metrics/agreement.h"
#include "midillama/works/review.h"
#include "midillama/works/work_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace midillama::works {
namespace fs = std::filesystem;
namespace {

constexpr const char* kAccept = "accept";
constexpr const char* kReject = "reject";
constexpr const char* kUnsure = "unsure";

// A reviewer's judgments by work and field.
using Judgments = std::map<std::pair<std::string, std::string>, std::string>;

struct Review {
  std::string sample, reviewer;
  Judgments judgments = {};
};

Review read_review(const fs::path& file) {
  const std::string name = file.string();
  const Json json = read_json(file);
  Review review{.sample = json_get<std::string>(json, "sample", name, ""), .reviewer = json_get<std::string>(json, "reviewer", name, "")};
  const auto rows = json_get<std::vector<Json>>(json, "judgments", name, "");
  const std::vector<std::string> known = field_names();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string place = fmt::format("judgment {}", i + 1);
    const auto get = [&](const char* key) { return json_get<std::string>(rows[i], key, name, place); };
    const std::string field = get("field"), judgment = get("judgment");
    if (std::ranges::find(known, field) == known.end()) throw InputError(name, place, fmt::format("there is no field \"{}\"", field));
    if (judgment != kAccept && judgment != kReject && judgment != kUnsure)
      throw InputError(name, place, fmt::format("\"{}\" is none of accept, reject and unsure", judgment));
    if (!review.judgments.emplace(std::pair(get("work"), field), judgment).second)
      throw InputError(name, place, "judges a field that was judged before");
  }
  return review;
}

void count(Acceptance& acceptance, const std::string& judgment) {
  ++(judgment == kAccept ? acceptance.accepted : judgment == kReject ? acceptance.rejected : acceptance.unsure);
}

Agreement agreement_of(const Review& one, const Review& other) {
  std::vector<std::string> ones, others;
  for (const auto& [item, judgment] : one.judgments) {
    const auto found = other.judgments.find(item);
    if (found == other.judgments.end()) continue;
    ones.push_back(judgment);
    others.push_back(found->second);
  }
  return {.one = one.reviewer,
          .other = other.reviewer,
          .items = static_cast<std::int64_t>(ones.size()),
          .kappa = metrics::cohen_kappa(ones, others)};
}

}  // namespace

ReviewScores score_reviews(std::span<const fs::path> files) {
  ReviewScores scores;
  std::vector<Review> reviews;
  for (const fs::path& file : files) {
    reviews.push_back(read_review(file));
    const Review& review = reviews.back();
    if (review.sample != reviews.front().sample)
      throw InputError(file.string(), "sample", fmt::format("is of another drawing of works than {}", files.front().string()));
    const auto is_same = [&](const std::string& name) { return folded_name(name) == folded_name(review.reviewer); };
    if (std::ranges::any_of(scores.reviewers, is_same))
      throw InputError(file.string(), "reviewer", fmt::format("\"{}\" has another file among these", review.reviewer));
    scores.reviewers.push_back(review.reviewer);
    for (const auto& [item, judgment] : review.judgments) {
      count(scores.fields[item.second], judgment);
      count(is_categorical(item.second) ? scores.categorical : scores.free_form, judgment);
    }
  }
  for (std::size_t i = 0; i < reviews.size(); ++i) {
    for (std::size_t j = i + 1; j < reviews.size(); ++j) scores.agreements.push_back(agreement_of(reviews[i], reviews[j]));
  }
  return scores;
}

}  // namespace midillama::works
