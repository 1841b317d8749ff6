// What a study has found: votes by majority, how far judges agree, and whether a difference is more than chance.
#pragma once

#include "midillama/metrics/intervals.h"
#include "midillama/study/judgment.h"
#include "midillama/study/study.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace midillama::study {

// For the study's first system, for its second, for neither.
struct Counts {
  std::int64_t first = 0, second = 0, undecided = 0;

  std::int64_t all() const { return first + second + undecided; }
  bool operator==(const Counts&) const = default;
};

struct Spread {
  double lower_quartile = 0, median = 0, upper_quartile = 0;
};

struct CriterionReport {
  Criterion criterion;
  Counts votes;                 // judgments
  Counts clips;                 // by majority: the choice that more judges made than any other; undecided where there is none
  std::int64_t ties = 0;        // of `clips.undecided`: clips on which the judges were divided
  double sign_test = 1;         // of clips.first against clips.second, two-sided
  double corrected = 1;         // the same after Holm's correction over the criteria
  metrics::Interval share;      // 95 %, Wilson: of the first system among the clips that are decided
  std::optional<double> alpha;  // Krippendorff's, undecided as a third value
  std::optional<metrics::Interval> alpha_interval;
  // Bradley-Terry: log-odds that the first system is preferred in one judgment. An undecided judgment is half a vote for each, and each has
  // half a vote more, so that it is finite. The interval is a bootstrap's over clips.
  double log_odds = 0;
  metrics::Interval log_odds_interval;
  std::optional<Spread> seconds;  // from when the question could be answered to the judgment
};

struct ParticipantReport {
  std::string name;
  std::int64_t judgments = 0;  // without checks
  std::int64_t checks = 0, failed_checks = 0;
  bool is_left_out = false;
};

struct StudyReport {
  std::string title;
  std::string published_by;
  std::array<std::string, 2> systems;
  std::int64_t judgments = 0;  // that count, without checks
  std::int64_t asked = 0;      // without checks
  std::int64_t clips = 0;      // with a judgment
  std::vector<CriterionReport> criteria;
  std::vector<ParticipantReport> participants;
  Counts left;           // `first`: judgments for the left text, `second`: for the right one
  double left_test = 1;  // sign test
  std::optional<Spread> seconds;
};

// `leaves_out_failed`: without the judgments of participants who failed a check. InputError for judgments that are not of this study, or
// of which there are two about the same.
StudyReport analyse(const Study& study, std::span<const Judgment> judgments, bool leaves_out_failed);

std::string to_markdown(const StudyReport& report);
OrderedJson to_json(const StudyReport& report);
// Figure 2 of the paper: clips by majority, a bar a criterion, the published counts below each. SVG.
std::string draw_majorities(const StudyReport& report);

}  // namespace midillama::study
