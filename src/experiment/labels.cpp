#include "experiment/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace midillama::experiment {
namespace {

using Names = std::pair<const char*, const char*>;

constexpr Names kMetrics[] = {{"bleu", "BLEU"},
                              {"meteor", "METEOR"},
                              {"rouge_l", "ROUGE-L"},
                              {"bertscore", "BERTScore"},
                              {"f1_micro", "F1 micro"},
                              {"f1_macro", "F1 macro"},
                              {"f1_weighted", "F1 weighted"},
                              {"f1_samples", "F1 samples"},
                              {"auc_micro", "AUC micro"},
                              {"auc_macro", "AUC macro"},
                              {"auc_weighted", "AUC weighted"},
                              {"auc_samples", "AUC samples"},
                              {"accuracy", "accuracy"},
                              {"hit_rate", "hit rate"},
                              {"map", "MAP"}};
constexpr Names kRows[] = {
    {"shuffled", "music shuffled"}, {"zero", "zero music"}, {"mean", "mean music"}, {"none", "no music"}, {"linear-probe", "linear probe"}};
constexpr Names kTasks[] = {
    {"qa", "Question answering"}, {"caption", "Captioning"}, {"unseen", "Questions in wordings that no training question has"},
    {"genre", "Genre"},           {"style", "Style"},        {"melody", "Melody completion"}};

std::string find(std::span<const Names> names, const std::string& name) {
  const auto found = std::ranges::find_if(names, [&](const Names& entry) { return entry.first == name; });
  return found == names.end() ? name : found->second;
}

std::string without_zero(std::string text) {
  if (const auto zero = text.find("0."); zero != std::string::npos && (zero == 0 || text[zero - 1] < '0')) text.erase(zero, 1);
  return text;
}

}  // namespace

std::string label_of(const Column& column) {
  return column.is_tag ? column.name : find(kMetrics, column.name);
}

std::string label_of(const Row& row) {
  const std::string name = row.is_own ? row.system : fmt::format("{}, {}", row.system, find(kRows, row.answers));
  return row.unanswered == 0 ? name : fmt::format("{} ({} unanswered)", name, row.unanswered);
}

std::string title_of(const std::string& task) {
  return find(kTasks, task);
}

std::string title_of(const Plan& plan, const Table& table) {
  return plan.tests.size() == 1 ? title_of(table.task) : fmt::format("{}, {}", title_of(table.task), table.test);
}

std::string number(double value) {
  return without_zero(fmt::format("{:.3f}", value));
}

std::string signed_number(double value) {
  return without_zero(fmt::format("{:+.3f}", value));
}

std::string interval_text(const metrics::Interval& interval) {
  return fmt::format("[{}, {}]", number(interval.low), number(interval.high));
}

pages::Paragraph without_music(const Table& table, const Error& why) {
  return {.text = fmt::format("{}: shown without their music. {}", title_of(table.task), why.what()), .is_notice = true};
}

}  // namespace midillama::experiment
