// BERTScore (Zhang et al. 2020) as bert_score 0.3.13 computes it without idf weights and without rescaling.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/metrics/metrics.h"

#include <torch/types.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace midillama::eval {

class SentenceEncoder;

// Of a prediction and its references: the best of each number on its own, as the reference takes them. 0 for an empty text.
struct BertScore {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

// Checks the directory config.path as BertScorer's constructor does, with the same errors, but reads only config.json and the headers of
// the weight files.
void check_bert_encoder(const config::BertScore& config);

class BertScorer {
 public:
  // Loads the BERT or RoBERTa directory config.path (config.json, safetensors, tokenizer.json) up to block config.layer. InputError where
  // it does not hold one, ConfigError where it has fewer layers.
  BertScorer(const config::BertScore& config, torch::Device device);
  ~BertScorer();

  // Texts longer than the model's positions are cut at their end.
  std::vector<BertScore> score(std::span<const metrics::ScoredText> examples) const;

  // The mean of one of the numbers over the examples: BertScore::f1, or BertScore::recall as the MU-LLaMA script has it.
  metrics::Score mean(std::span<const metrics::ScoredText> examples, double BertScore::*number) const;

 private:
  std::string name_;  // of the model: its folder
  std::int64_t layer_;
  std::unique_ptr<SentenceEncoder> encoder_;
};

}  // namespace midillama::eval
