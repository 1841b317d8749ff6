#include "midillama/study/report.h"

#include "midillama/metrics/comparisons.h"
#include "study/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace midillama::study {
namespace {

enum Vote : int { first = 0, second = 1, undecided = 2 };

using Votes = std::vector<std::vector<int>>;  // by clip

Vote vote_of(const Judgment& judgment, const Study& study) {
  if (judgment.choice == kUndecided) return Vote::undecided;
  return judgment.choice == study.systems[0].name ? Vote::first : Vote::second;
}

std::int64_t& part_of(Counts& counts, int vote) {
  return vote == Vote::first ? counts.first : vote == Vote::second ? counts.second : counts.undecided;
}

Counts counts_of(const std::vector<int>& votes) {
  Counts counts;
  for (const int vote : votes) ++part_of(counts, vote);
  return counts;
}

void add(Counts& to, const Counts& more) {
  to.first += more.first;
  to.second += more.second;
  to.undecided += more.undecided;
}

// The choice that more judges made than any other; nothing where two or three share the most.
std::optional<Vote> majority(const Counts& counts) {
  const std::int64_t most = std::max({counts.first, counts.second, counts.undecided});
  const int holders = (counts.first == most) + (counts.second == most) + (counts.undecided == most);
  if (holders > 1) return std::nullopt;
  return counts.first == most ? Vote::first : counts.second == most ? Vote::second : Vote::undecided;
}

double log_odds(const Counts& votes) {
  const double half = static_cast<double>(votes.undecided) / 2 + 0.5;
  const auto strengths =
      metrics::bradley_terry({{0, static_cast<double>(votes.first) + half}, {static_cast<double>(votes.second) + half, 0}});
  return strengths[0] - strengths[1];
}

// Linear between neighbours.
double quantile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

std::optional<Spread> spread_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return Spread{quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75)};
}

double seconds_of(const Judgment& judgment) {
  return static_cast<double>(judgment.judged - judgment.shown) / 1000;
}

// What each judgment must be about: the study knows it, and nothing is judged twice.
class Checker {
 public:
  explicit Checker(const Study& study) : study_(study) {
    for (const Participant& participant : study.participants) {
      for (const Item& item : participant.items) items_[{participant.name, item.name}] = &item;
    }
  }

  void check(const Judgment& judgment) {
    const std::string place = fmt::format("{}, {}, {}", judgment.participant, judgment.item, judgment.criterion);
    const auto fail = [&](const std::string& what) { throw InputError("the judgments", place, what); };
    const auto found = items_.find({judgment.participant, judgment.item});
    if (found == items_.end()) fail("the study has no such item");
    const Item& item = *found->second;
    const bool is_asked = std::ranges::any_of(item.criteria, [&](std::size_t i) { return study_.criteria[i].name == judgment.criterion; });
    if (!is_asked || study_.clips[item.clip].name != judgment.clip || item.left != judgment.left || item.right != judgment.right)
      fail("the study asks this otherwise: it is another study's judgment");
    if (judgment.choice != item.left && judgment.choice != item.right && judgment.choice != kUndecided) fail("the choice is neither text");
    if (!seen_.emplace(judgment.participant, judgment.item, judgment.criterion).second) fail("is judged twice");
  }

 private:
  const Study& study_;
  std::map<std::pair<std::string, std::string>, const Item*> items_;
  std::set<std::tuple<std::string, std::string, std::string>> seen_;
};

std::vector<ParticipantReport> participants_of(const Study& study, std::span<const Judgment> judgments, bool leaves_out_failed) {
  std::map<std::string, ParticipantReport> by_name;
  for (const Judgment& judgment : judgments) {
    ParticipantReport& report = by_name[judgment.participant];
    ++(judgment.is_check() ? report.checks : report.judgments);
    report.failed_checks += judgment.is_failed_check() ? 1 : 0;
  }
  std::vector<ParticipantReport> reports;
  for (const Participant& participant : study.participants) {
    ParticipantReport& report = by_name[participant.name];
    report.name = participant.name;
    report.is_left_out = leaves_out_failed && report.failed_checks > 0;
    reports.push_back(report);
  }
  return reports;
}

void add_majorities(const Votes& votes, CriterionReport& report) {
  for (const std::vector<int>& clip : votes) {
    const Counts counts = counts_of(clip);
    add(report.votes, counts);
    const std::optional<Vote> winner = majority(counts);
    ++part_of(report.clips, winner.value_or(Vote::undecided));
    report.ties += winner ? 0 : 1;
  }
  report.sign_test = metrics::sign_test(report.clips.first, report.clips.second);
  report.share = metrics::wilson_interval(report.clips.first, report.clips.first + report.clips.second);
}

void add_agreement(const Votes& votes, std::uint64_t seed, CriterionReport& report) {
  report.alpha = metrics::krippendorff_alpha(votes);
  if (!report.alpha) return;
  const auto alpha = [&](std::span<const std::size_t> drawn) {
    Votes resample;
    for (const std::size_t i : drawn) resample.push_back(votes[i]);
    return metrics::krippendorff_alpha(resample).value_or(1);  // all alike: they agree
  };
  report.alpha_interval = metrics::bootstrap_interval(votes.size(), alpha, seed);
}

void add_strengths(const Votes& votes, std::uint64_t seed, CriterionReport& report) {
  report.log_odds = log_odds(report.votes);
  std::vector<Counts> counts;
  for (const std::vector<int>& clip : votes) counts.push_back(counts_of(clip));
  const auto odds = [&](std::span<const std::size_t> drawn) {
    Counts all;
    for (const std::size_t i : drawn) add(all, counts[i]);
    return log_odds(all);
  };
  report.log_odds_interval = metrics::bootstrap_interval(votes.size(), odds, seed);
}

CriterionReport report_of(const Study& study, const Criterion& criterion, std::span<const Judgment> judgments) {
  CriterionReport report = {.criterion = criterion,
                            .votes = {},
                            .clips = {},
                            .share = {0, 1},
                            .alpha = {},
                            .alpha_interval = {},
                            .log_odds_interval = {},
                            .seconds = {}};
  std::map<std::string, std::vector<int>> by_clip;
  std::vector<double> seconds;
  for (const Judgment& judgment : judgments) {
    if (judgment.criterion != criterion.name) continue;
    by_clip[judgment.clip].push_back(vote_of(judgment, study));
    seconds.push_back(seconds_of(judgment));
  }
  if (by_clip.empty()) return report;
  Votes votes;
  for (auto& [clip, own] : by_clip) votes.push_back(std::move(own));
  add_majorities(votes, report);
  add_agreement(votes, study.seed, report);
  add_strengths(votes, study.seed, report);
  report.seconds = spread_of(std::move(seconds));
  return report;
}

void correct(std::vector<CriterionReport>& criteria) {
  std::vector<double> p_values;
  for (const CriterionReport& criterion : criteria) p_values.push_back(criterion.sign_test);
  const std::vector<double> corrected = metrics::holm(p_values);
  for (std::size_t i = 0; i < criteria.size(); ++i) criteria[i].corrected = corrected[i];
}

std::int64_t asked_of(const Study& study) {
  std::size_t asked = 0;
  for (const Participant& participant : study.participants) {
    for (const Item& item : participant.items) asked += item.is_check() ? 0 : item.criteria.size();
  }
  return static_cast<std::int64_t>(asked);
}

}  // namespace

StudyReport analyse(const Study& study, std::span<const Judgment> judgments, bool leaves_out_failed) {
  Checker checker(study);
  for (const Judgment& judgment : judgments) checker.check(judgment);
  StudyReport report = {.title = study.title,
                        .published_by = study.published_by,
                        .systems = {study.systems[0].name, study.systems[1].name},
                        .asked = asked_of(study),
                        .criteria = {},
                        .participants = participants_of(study, judgments, leaves_out_failed),
                        .left = {},
                        .seconds = {}};
  std::set<std::string> left_out, clips;
  for (const ParticipantReport& participant : report.participants) {
    if (participant.is_left_out) left_out.insert(participant.name);
  }
  std::vector<Judgment> counted;
  std::vector<double> seconds;
  for (const Judgment& judgment : judgments) {
    if (judgment.is_check() || left_out.contains(judgment.participant)) continue;
    counted.push_back(judgment);
    clips.insert(judgment.clip);
    seconds.push_back(seconds_of(judgment));
    const bool is_undecided = judgment.choice == kUndecided;
    ++part_of(report.left, is_undecided ? Vote::undecided : judgment.choice == judgment.left ? Vote::first : Vote::second);
  }
  report.judgments = static_cast<std::int64_t>(counted.size());
  report.clips = static_cast<std::int64_t>(clips.size());
  report.left_test = metrics::sign_test(report.left.first, report.left.second);
  report.seconds = spread_of(std::move(seconds));
  for (const Criterion& criterion : study.criteria) report.criteria.push_back(report_of(study, criterion, counted));
  correct(report.criteria);
  return report;
}

}  // namespace midillama::study
