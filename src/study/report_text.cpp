#include "midillama/study/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace midillama::study {
namespace {

// Markdown's own signs stay texts.
std::string plain(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (std::string_view("\\`*_{}[]<>|#").find(letter) != std::string_view::npos) escaped += '\\';
    escaped += letter == '\n' || letter == '\r' ? ' ' : letter;
  }
  return escaped;
}

std::string p_value(double p) {
  return p < 0.001 ? "< .001" : fmt::format("{:.3f}", p);
}

std::string published(const Published& counts) {
  if (counts.first >= 0 && counts.second >= 0) return fmt::format("{} : {}", counts.first, counts.second);
  if (counts.undecided >= 0) return fmt::format("{} undecided", counts.undecided);
  return "–";
}

bool has_published(const StudyReport& report) {
  return std::ranges::any_of(report.criteria, [](const CriterionReport& row) { return row.criterion.published.is_stated(); });
}

std::string range(const std::optional<Spread>& spread) {
  if (!spread) return "–";
  return fmt::format("{:.1f} ({:.1f}–{:.1f})", spread->median, spread->lower_quartile, spread->upper_quartile);
}

std::string interval(const metrics::Interval& interval) {
  return fmt::format("{:.2f} to {:.2f}", interval.low, interval.high);
}

std::string alpha(const CriterionReport& criterion) {
  if (!criterion.alpha) return "–";
  return fmt::format("{:.2f} ({})", *criterion.alpha, interval(*criterion.alpha_interval));
}

std::string majorities(const StudyReport& report) {
  const std::string first = plain(report.systems[0]), second = plain(report.systems[1]);
  std::string text = fmt::format(
      "## Clips by majority\n\n| criterion | {0} | {1} | undecided | of these divided | share of {0} (95 %) | sign test | after Holm | "
      "published "
      "|\n|---|---:|---:|---:|---:|---|---:|---:|---|\n",
      first, second);
  for (const CriterionReport& row : report.criteria) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", plain(row.criterion.label), row.clips.first, row.clips.second,
                        row.clips.undecided, row.ties, interval(row.share), p_value(row.sign_test), p_value(row.corrected),
                        published(row.criterion.published));
  }
  text += "\nA clip is a system's where more judges chose it than the other and than neither; divided: no choice had the most.";
  if (has_published(report)) text += fmt::format(" Published: {}.", plain(report.published_by));
  return text + "\n\n";
}

std::string votes(const StudyReport& report) {
  std::string text = fmt::format(
      "## Judgments\n\n| criterion | {} | {} | undecided | Krippendorff's alpha (95 %) | Bradley-Terry log-odds (95 %) | preferred | "
      "seconds "
      "|\n|---|---:|---:|---:|---|---|---:|---|\n",
      plain(report.systems[0]), plain(report.systems[1]));
  for (const CriterionReport& row : report.criteria) {
    const double preferred = 1 / (1 + std::exp(-row.log_odds));
    text += fmt::format("| {} | {} | {} | {} | {} | {:+.2f} ({}) | {:.0f} % | {} |\n", plain(row.criterion.label), row.votes.first,
                        row.votes.second, row.votes.undecided, alpha(row), row.log_odds, interval(row.log_odds_interval), 100 * preferred,
                        range(row.seconds));
  }
  return text +
         fmt::format(
             "\nThe log-odds, and how often {} is preferred by them: an undecided judgment is half a vote for each, and each has half a "
             "vote more. Their intervals, and alpha's, are of 1,000 bootstrap resamples of clips. Seconds: median and quartiles, from when "
             "a question "
             "could be answered.\n\nThe left text was chosen {} times, the right one {} times (sign test {}).\n\n",
             plain(report.systems[0]), report.left.first, report.left.second, p_value(report.left_test));
}

std::string participants(const StudyReport& report) {
  std::string text = "## Participants\n\n| participant | judgments | failed checks | |\n|---|---:|---:|---|\n";
  for (const ParticipantReport& row : report.participants) {
    text += fmt::format("| {} | {} | {} of {} | {} |\n", row.name, row.judgments, row.failed_checks, row.checks,
                        row.is_left_out ? "left out" : "");
  }
  return text;
}

OrderedJson to_json(const Counts& counts) {
  return {{"first", counts.first}, {"second", counts.second}, {"undecided", counts.undecided}};
}

OrderedJson to_json(const metrics::Interval& interval) {
  return OrderedJson::array({interval.low, interval.high});
}

OrderedJson to_json(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  return {{"median", spread->median}, {"quartiles", OrderedJson::array({spread->lower_quartile, spread->upper_quartile})}};
}

OrderedJson to_json(const CriterionReport& row) {
  OrderedJson json = {{"criterion", row.criterion.name},
                      {"clips", to_json(row.clips)},
                      {"divided", row.ties},
                      {"sign_test", row.sign_test},
                      {"sign_test_holm", row.corrected},
                      {"share_interval", to_json(row.share)},
                      {"votes", to_json(row.votes)},
                      {"alpha", row.alpha ? OrderedJson(*row.alpha) : OrderedJson()},
                      {"alpha_interval", row.alpha_interval ? to_json(*row.alpha_interval) : OrderedJson()},
                      {"log_odds", row.log_odds},
                      {"log_odds_interval", to_json(row.log_odds_interval)},
                      {"seconds", to_json(row.seconds)}};
  const Published& published = row.criterion.published;
  const auto stated = [](std::int64_t count) { return count < 0 ? OrderedJson() : OrderedJson(count); };
  if (published.is_stated())
    json["published"] = {{"first", stated(published.first)},
                         {"second", stated(published.second)},
                         {"undecided", stated(published.undecided)},
                         {"clips", published.clips}};
  return json;
}

}  // namespace

std::string to_markdown(const StudyReport& report) {
  std::int64_t left_out = 0;
  for (const ParticipantReport& participant : report.participants) left_out += participant.is_left_out ? 1 : 0;
  std::string text =
      fmt::format("# {}\n\n{} of {} judgments of {} clips", plain(report.title), report.judgments, report.asked, report.clips);
  if (left_out > 0) text += fmt::format("; {} participants who failed a check of attention are left out", left_out);
  return text + ".\n\n" + majorities(report) + votes(report) + participants(report);
}

OrderedJson to_json(const StudyReport& report) {
  OrderedJson json = {{"title", report.title},
                      {"published_by", report.published_by},
                      {"systems", report.systems},
                      {"judgments", report.judgments},
                      {"asked", report.asked},
                      {"clips", report.clips},
                      {"criteria", OrderedJson::array()},
                      {"left", report.left.first},
                      {"right", report.left.second},
                      {"left_sign_test", report.left_test},
                      {"seconds", to_json(report.seconds)},
                      {"participants", OrderedJson::array()}};
  for (const CriterionReport& row : report.criteria) json["criteria"].push_back(to_json(row));
  for (const ParticipantReport& row : report.participants) {
    json["participants"].push_back({{"participant", row.name},
                                    {"judgments", row.judgments},
                                    {"checks", row.checks},
                                    {"failed_checks", row.failed_checks},
                                    {"left_out", row.is_left_out}});
  }
  return json;
}

}  // namespace midillama::study
