#include "midillama/eval/scoring.h"

#include "midillama/core/random.h"
#include "midillama/eval/prediction.h"

namespace midillama::eval {

std::vector<Metric> score(std::span<const metrics::Example> examples, const config::Eval& config, std::uint64_t seed) {
  std::vector<Metric> scores;
  const auto add = [&](const std::string& name, const metrics::Score& result) {
    scores.push_back(
        {name, result.score, result.signature, bootstrap_mean(result.per_example, config.bootstrap_samples, seed_for(seed, "bootstrap"))});
  };
  const bool standard = config.profile == "standard";
  add("bleu", standard ? metrics::bleu(examples) : metrics::mullama_bleu(examples));
  add("meteor", metrics::meteor(examples));
  add("rouge_l", standard ? metrics::rouge_l(examples) : metrics::mullama_rouge_l(examples));
  return scores;
}

OrderedJson score_file(const std::filesystem::path& predictions, const config::Eval& config) {
  const auto examples = examples_of(read_predictions(predictions));
  config::Eval without_intervals = config;
  without_intervals.bootstrap_samples = 0;
  OrderedJson metrics = OrderedJson::object();
  for (const auto& metric : score(examples, without_intervals, 0))
    metrics[metric.name] = {{"score", metric.score}, {"signature", metric.signature}};
  return {{"metrics", metrics}, {"examples", examples.size()}};
}

}  // namespace midillama::eval
