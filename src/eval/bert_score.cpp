#include "midillama/eval/bert_score.h"

#include "midillama/eval/sentence_encoder.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace midillama::eval {
namespace {

constexpr std::size_t kPaddedTogether = 64;  // pairs that the reference brings to one length
constexpr std::size_t kChunk = 1024;         // pairs whose embeddings are in memory at once; a multiple of kPaddedTogether
constexpr std::int64_t kFrame = 2;           // tokens that begin and end a text

// One prediction beside one of its references.
struct Pair {
  std::string prediction;
  std::string reference;
};

// Hidden states [tokens, hidden_size] of length 1, and which tokens count: 1 or 0 [tokens].
struct Sentence {
  torch::Tensor states;
  torch::Tensor counted;
};

struct Match {
  Sentence prediction;
  Sentence reference;
};

// The longest texts of the pairs that are padded together.
struct Longest {
  std::int64_t prediction = 0;
  std::int64_t reference = 0;
};

// Each token's largest similarity, [tokens, others] -> mean over the counted tokens, 0 where there are none. The others can be chosen. The
// reference pads with similarity 0, which is chosen where every real one is negative.
double mean_of_best(const torch::Tensor& similarities, const torch::Tensor& counted, bool others_padded) {
  const auto best = similarities.amax(1);
  const double sum = ((others_padded ? best.clamp_min(0) : best) * counted).sum().item<double>();
  return sum / std::max(1.0, counted.sum().item<double>());
}

BertScore score_of(const Match& match, const Longest& longest) {
  const auto& [prediction, reference] = match;
  if (prediction.states.size(0) == kFrame || reference.states.size(0) == kFrame) return {};
  const auto similarities = prediction.states.matmul(reference.states.t());
  const double precision = mean_of_best(similarities, prediction.counted, reference.states.size(0) < longest.reference);
  const double recall = mean_of_best(similarities.t(), reference.counted, prediction.states.size(0) < longest.prediction);
  const double sum = precision + recall;
  return {precision, recall, sum == 0 ? 0 : 2 * precision * recall / sum};
}

void score_batch(std::span<const Pair> pairs, const std::map<std::string, Sentence>& sentences, std::vector<BertScore>& scores) {
  std::vector<Match> matches;
  Longest longest;
  for (const auto& pair : pairs) {
    const auto& match = matches.emplace_back(Match{sentences.at(pair.prediction), sentences.at(pair.reference)});
    longest.prediction = std::max(longest.prediction, match.prediction.states.size(0));
    longest.reference = std::max(longest.reference, match.reference.states.size(0));
  }
  for (const auto& match : matches) scores.push_back(score_of(match, longest));
}

std::vector<Pair> pairs_of(std::span<const metrics::ScoredText> examples) {
  std::vector<Pair> pairs;
  for (const auto& example : examples) {
    for (const auto& reference : example.references) pairs.push_back({example.prediction, reference});
  }
  return pairs;
}

std::vector<BertScore> score_pairs(std::span<const Pair> pairs, SentenceEncoder& encoder) {
  std::vector<BertScore> scores;
  for (std::size_t begin = 0; begin < pairs.size(); begin += kChunk) {
    const auto chunk = pairs.subspan(begin, std::min(kChunk, pairs.size() - begin));
    std::set<std::string> texts;
    for (const auto& pair : chunk) texts.insert({pair.prediction, pair.reference});
    std::map<std::string, Sentence> sentences;
    for (auto& [text, states] : encoder.encode(texts))
      sentences[text] = {states / states.norm(2, -1, /*keepdim=*/true), encoder.counted(text).to(states.device())};
    for (std::size_t from = 0; from < chunk.size(); from += kPaddedTogether) {
      score_batch(chunk.subspan(from, std::min(kPaddedTogether, chunk.size() - from)), sentences, scores);
    }
  }
  return scores;
}

}  // namespace

void check_bert_encoder(const config::BertScore& config) {
  model::check_bert_encoder(config.path, config.layer);
}

BertScorer::BertScorer(const config::BertScore& config, torch::Device device)
    : name_(std::filesystem::path(config.path).lexically_normal().filename().string()),
      layer_(config.layer),
      encoder_(std::make_unique<SentenceEncoder>(config, device)) {
  if (name_.empty()) name_ = config.path;
}

BertScorer::~BertScorer() = default;

std::vector<BertScore> BertScorer::score(std::span<const metrics::ScoredText> examples) const {
  const auto scores = score_pairs(pairs_of(examples), *encoder_);
  std::vector<BertScore> best;
  auto next = scores.begin();
  for (const auto& example : examples) {
    BertScore& value = best.emplace_back(*next++);
    for (std::size_t i = 1; i < example.references.size(); ++i, ++next) {
      value = {std::max(value.precision, next->precision), std::max(value.recall, next->recall), std::max(value.f1, next->f1)};
    }
  }
  return best;
}

metrics::Score BertScorer::mean(std::span<const metrics::ScoredText> examples, double BertScore::*number) const {
  std::vector<double> values;
  for (const auto& value : score(examples)) values.push_back(value.*number);
  return metrics::mean_of(std::move(values), fmt::format("bert_score|number:{}|model:{}|layer:{}|idf:no|rescale:no|version:0.3.13",
                                                         number == &BertScore::recall ? "recall" : "f1", name_, layer_));
}

}  // namespace midillama::eval
