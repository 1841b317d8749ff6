#include "cli/commands/data.h"
#include "midillama/core/json_text.h"
#include "midillama/core/replaceable.h"
#include "midillama/works/review.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

// Of the paper's two experts: what share of 100 works' tags they accepted.
constexpr double kPaperCategorical = 0.89;
constexpr double kPaperFreeForm = 0.93;

OrderedJson json_of(const works::Acceptance& acceptance) {
  OrderedJson json = {
      {"accepted", acceptance.accepted}, {"rejected", acceptance.rejected}, {"unsure", acceptance.unsure}, {"acceptance", nullptr}};
  if (acceptance.decided() > 0) {
    const auto [low, high] = acceptance.interval();
    json["acceptance"] = static_cast<double>(acceptance.accepted) / static_cast<double>(acceptance.decided());
    json["interval"] = {low, high};
  }
  return json;
}

OrderedJson json_of(const works::ReviewScores& scores) {
  OrderedJson json = {{"reviewers", scores.reviewers},
                      {"categorical", json_of(scores.categorical)},
                      {"free_form", json_of(scores.free_form)},
                      {"fields", OrderedJson::object()},
                      {"agreement", OrderedJson::array()}};
  for (const auto& [name, acceptance] : scores.fields) json["fields"][name] = json_of(acceptance);
  for (const works::Agreement& agreement : scores.agreements) {
    OrderedJson row = {{"reviewers", {agreement.one, agreement.other}}, {"items", agreement.items}, {"kappa", nullptr}};
    if (agreement.kappa) row["kappa"] = *agreement.kappa;
    json["agreement"].push_back(row);
  }
  return json;
}

void print_row(const std::string& name, const works::Acceptance& acceptance, const std::string& paper = "") {
  std::string share = "-";
  if (acceptance.decided() > 0) {
    const auto [low, high] = acceptance.interval();
    share = fmt::format("{:.3f} [{:.3f}, {:.3f}]", static_cast<double>(acceptance.accepted) / static_cast<double>(acceptance.decided()),
                        low, high);
  }
  std::cout << fmt::format("{:<14}{:>9}{:>10}{:>8}   {:<24}{}\n", name, acceptance.accepted, acceptance.rejected, acceptance.unsure, share,
                           paper);
}

void print(const works::ReviewScores& scores) {
  std::cout << fmt::format("{:<14}{:>9}{:>10}{:>8}   {:<24}{}\n", "", "accepted", "rejected", "unsure", "acceptance [95 %]", "paper");
  print_row("categorical", scores.categorical, fmt::format("{:.2f}", kPaperCategorical));
  print_row("free-form", scores.free_form, fmt::format("{:.2f}", kPaperFreeForm));
  for (const auto& [name, acceptance] : scores.fields) print_row("  " + name, acceptance);
  for (const works::Agreement& agreement : scores.agreements) {
    const std::string kappa = agreement.kappa        ? fmt::format("{:.3f}", *agreement.kappa)
                              : agreement.items == 0 ? "not defined"
                                                     : "not defined: both gave one judgment throughout";
    std::cout << fmt::format("{} and {}: {} fields judged by both, Cohen's kappa {}\n", agreement.one, agreement.other, agreement.items,
                             kappa);
  }
}

}  // namespace

void run(const config::Config& config, const DataReviewSampleCommand& command) {
  require_replaceable(command.out, "page", "<!doctype html");
  const works::ReviewSample sample = works::draw_review(config.data.dir, command.works, command.seed);
  write_atomically(command.out, sample.page);
  std::cout << fmt::format("{}: {} works, {} fields\n", command.out, sample.works, sample.fields);
}

void run(const config::Config&, const DataReviewScoreCommand& command) {
  const std::vector<fs::path> files(command.files.begin(), command.files.end());
  const works::ReviewScores scores = works::score_reviews(files);
  if (command.json) {
    std::cout << json_text(json_of(scores), 2) << '\n';
  } else {
    print(scores);
  }
}

}  // namespace midillama::cli
