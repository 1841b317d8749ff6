#include "midillama/explain/deletion.h"

#include "answer_probability.h"
#include "exchange.h"
#include "heat.h"
#include "midillama/core/error.h"
#include "midillama/core/progress.h"
#include "midillama/core/random.h"
#include "midillama/explain/explanation.h"
#include "midillama/midi/file.h"
#include "midillama/records/checked_facts.h"
#include "midillama/records/form.h"
#include "midillama/records/question.h"
#include "midillama/records/split.h"
#include "midillama/records/stated_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

namespace midillama::explain {
namespace {

constexpr std::int64_t kSteps = 20;        // of 5 % of the notes
constexpr std::int64_t kRandomOrders = 5;  // a question's random curve is the mean of theirs

using Order = std::vector<std::int64_t>;  // notes, the first to be left out first
using Curve = std::vector<double>;        // kSteps + 1 values

// One question's.
struct Curves {
  Curve gradient, left_out, random;
};

double area_of(const Curve& curve) {
  const double inner = std::reduce(curve.begin(), curve.end()) - (curve.front() + curve.back()) / 2;
  return inner / static_cast<double>(curve.size() - 1);
}

Order hottest_first(const std::vector<double>& heat) {
  Order order(heat.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::int64_t note) { return heat[static_cast<std::size_t>(note)]; });
  return order;
}

Order random_order(std::int64_t notes, std::uint64_t seed) {
  Order order(static_cast<std::size_t>(notes));
  std::iota(order.begin(), order.end(), 0);
  Random(seed).shuffle(std::span(order));
  return order;
}

// Which notes are kept at each step: [kSteps + 1, notes].
torch::Tensor kept_along(const Order& order) {
  const auto notes = std::ssize(order);
  const torch::Tensor kept = torch::ones({kSteps + 1, notes});
  for (std::int64_t step = 0; step <= kSteps; ++step) {
    const auto left_out = (2 * notes * step + kSteps) / (2 * kSteps);  // rounded
    kept[step].index_fill_(0, torch::tensor(at::ArrayRef(order).slice(0, static_cast<std::size_t>(left_out)), torch::kInt64), 0);
  }
  return kept;
}

Curve curve_of(AnswerProbability& probability, const Order& order) {
  Curve curve = probability.of(kept_along(order));
  const double all = curve.front();
  for (double& value : curve) value = std::exp(value - all);
  return curve;
}

Curve mean_of(const std::vector<Curve>& curves) {
  Curve mean(static_cast<std::size_t>(kSteps + 1), 0.0);
  for (const Curve& curve : curves) {
    for (std::size_t step = 0; step < mean.size(); ++step) mean[step] += curve[step];
  }
  for (double& value : mean) value /= static_cast<double>(curves.size());
  return mean;
}

Curves curves_of(AnswerProbability& probability, std::uint64_t seed) {
  const Heat heat = measure_heat(probability, {});
  std::vector<Curve> random;
  for (std::int64_t draw = 0; draw < kRandomOrders; ++draw) {
    random.push_back(curve_of(probability, random_order(probability.notes(), seed_for(seed, "draw", static_cast<std::uint64_t>(draw)))));
  }
  return {.gradient = curve_of(probability, hottest_first(heat.gradient)),
          .left_out = curve_of(probability, hottest_first(heat.left_out)),
          .random = mean_of(random)};
}

bool is_right(const records::Tags& tags, const std::string& name, const records::Question& question, const std::string& answer) {
  const records::Tag& tag = tags.at(name);
  const auto said = records::said(tag, question, answer);
  return said && records::same_value(tag, *said, records::checked_facts(tags, question).at(name));
}

// One a piece; at most `most`, evenly spread (0: all).
std::vector<records::Question> questions_about(const std::string& tag, const std::vector<records::Question>& all, std::int64_t most) {
  std::vector<records::Question> questions;
  std::set<std::string> pieces;
  for (const auto& question : all) {
    const bool asks = question.task == "qa" && question.tag == tag && records::form_of(question) == records::Form::one_fact;
    if (asks && pieces.insert(question.piece).second) questions.push_back(question);
  }
  const auto count = std::ssize(questions);
  if (most <= 0 || most >= count) return questions;
  std::vector<records::Question> spread;
  for (std::int64_t i = 0; i < most; ++i) spread.push_back(questions[static_cast<std::size_t>(i * count / most)]);
  return spread;
}

Mean mean_over_questions(const std::vector<double>& values, std::uint64_t seed) {
  return {.value = std::reduce(values.begin(), values.end()) / static_cast<double>(values.size()),
          .interval = metrics::bootstrap_interval(values, seed)};
}

DeletionCurve summary(const std::string& order, const std::vector<Curves>& questions, Curve Curves::*curve, std::uint64_t seed) {
  std::vector<Curve> curves;
  std::vector<double> areas, differences;
  for (const Curves& question : questions) {
    curves.push_back(question.*curve);
    areas.push_back(area_of(curves.back()));
    differences.push_back(area_of(question.random) - areas.back());
  }
  return {.order = order,
          .values = mean_of(curves),
          .area = mean_over_questions(areas, seed),
          .below_random = mean_over_questions(differences, seed)};
}

TagDeletion delete_notes(generate::Session& session, const records::Tags& tags, const std::string& tag,
                         const std::vector<records::Question>& questions, std::uint64_t seed) {
  std::vector<Curves> curves;
  Progress progress(fmt::format("questions about {}", tag), questions.size());
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Exchange exchange =
        read_exchange(session, midi::read_midi(questions[i].clip), records::conversation_of(questions[i], false), std::nullopt);
    if (is_right(tags, tag, questions[i], exchange.answer)) {
      AnswerProbability probability(session.model, std::move(exchange));
      curves.push_back(curves_of(probability, seed_for(seed, "deletion", i)));
    }
    progress.update(i + 1);
  }
  TagDeletion result{.tag = tag, .questions = std::ssize(questions), .right = std::ssize(curves), .curves = {}};
  if (curves.empty()) return result;
  result.curves = {summary("gradient", curves, &Curves::gradient, seed), summary("left_out", curves, &Curves::left_out, seed),
                   summary("random", curves, &Curves::random, seed)};
  return result;
}

OrderedJson to_json(const Mean& mean) {
  return {{"mean", mean.value}, {"low", mean.interval.low}, {"high", mean.interval.high}};
}

std::string to_text(const Mean& mean) {
  return fmt::format("{:6.3f} ({:.3f} to {:.3f})", mean.value, mean.interval.low, mean.interval.high);
}

}  // namespace

std::vector<TagDeletion> deletion_curves(generate::Session& session, const config::Config& config, std::span<const std::string> names) {
  const auto tags = records::dataset_tags(config.data.dir);
  const auto all = records::read_questions(config.data.dir, config.data.test_split);
  std::vector<TagDeletion> results;
  for (const auto& name : names) {
    if (!tags.at(name).is_checkable()) throw UsageError(fmt::format("{}: answers about it are free text, neither right nor wrong", name));
    const auto questions = questions_about(name, all, config.eval.max_examples);
    if (questions.empty())
      throw InputError(records::split_file(config.data.dir, config.data.test_split).string(), "",
                       fmt::format("no question asks for {} alone", name));
    results.push_back(delete_notes(session, tags, name, questions, config.run.seed));
  }
  return results;
}

std::string to_text(const std::vector<TagDeletion>& tags) {
  std::string text;
  for (const TagDeletion& tag : tags) {
    text += fmt::format("{}: {} of {} questions answered right\n", tag.tag, tag.right, tag.questions);
    if (!tag.curves.empty()) text += fmt::format("  {:<10} {:<26} {}\n", "order", "area (95 % interval)", "below random");
    for (const DeletionCurve& curve : tag.curves) {
      const bool is_random = curve.order == "random";
      text += fmt::format("  {:<10} {:<26} {}\n", curve.order, to_text(curve.area), is_random ? "" : to_text(curve.below_random));
    }
  }
  return text;
}

OrderedJson to_json(const std::vector<TagDeletion>& tags) {
  OrderedJson list = OrderedJson::array();
  for (const TagDeletion& tag : tags) {
    OrderedJson curves = OrderedJson::array();
    for (const DeletionCurve& curve : tag.curves) {
      curves.push_back(
          {{"order", curve.order}, {"values", curve.values}, {"area", to_json(curve.area)}, {"below_random", to_json(curve.below_random)}});
    }
    list.push_back({{"tag", tag.tag}, {"questions", tag.questions}, {"right", tag.right}, {"curves", std::move(curves)}});
  }
  return list;
}

}  // namespace midillama::explain
