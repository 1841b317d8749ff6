#include "midillama/eval/scoring.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/eval/prediction.h"

#include <utility>

namespace midillama::eval {

Scorer::Scorer(const config::Eval& config, std::uint64_t seed, torch::Device device) : config_(config), seed_(seed) {
  if (config.bertscore.path.empty()) return;
  try {
    bert_.emplace(config.bertscore, device);
  } catch (const InputError& error) {
    log::warning("BERTScore is not configured: {}", error.what());
  }
}

std::vector<Metric> Scorer::score(std::span<const metrics::ScoredText> examples, std::span<const std::string> pieces) const {
  std::vector<Metric> scores;
  std::optional<metrics::GroupedBootstrap> bootstrap;
  if (config_.bootstrap_samples > 0) bootstrap.emplace(pieces, seed_, static_cast<int>(config_.bootstrap_samples));
  const auto add = [&](const std::string& name, metrics::Score result) {
    auto& metric = scores.emplace_back(Metric{name, result.score, std::move(result.signature), {}, std::move(result.additive)});
    if (bootstrap) metric.interval = metrics::percentile_interval(bootstrap->resampled(metric.additive));
  };
  const bool standard = config_.profile == "standard";
  add("bleu", standard ? metrics::bleu(examples) : metrics::mullama_bleu(examples));
  add("meteor", metrics::meteor(examples));
  add("rouge_l", standard ? metrics::rouge_l(examples) : metrics::mullama_rouge_l(examples));
  if (bert_) add("bertscore", bert_->mean(examples, standard ? &BertScore::f1 : &BertScore::recall));
  return scores;
}

OrderedJson score_file(const std::filesystem::path& predictions, const config::Eval& config, torch::Device device) {
  const auto examples = examples_of(read_predictions(predictions));
  auto without_intervals = config;
  without_intervals.bootstrap_samples = 0;
  OrderedJson metrics = OrderedJson::object();
  for (const auto& metric : Scorer(without_intervals, 0, device).score(examples, {})) {
    metrics[metric.name] = {{"score", metric.score}, {"signature", metric.signature}};
  }
  return {{"metrics", metrics}, {"examples", examples.size()}};
}

}  // namespace midillama::eval
