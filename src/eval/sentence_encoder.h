// Sentences as RoBERTa's hidden states, for BERTScore.
#pragma once

#include "eval/roberta.h"
#include "midillama/config/schema.h"
#include "midillama/text/tokenizer.h"

#include <torch/types.h>

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::eval {

// Sentence -> [tokens, hidden_size] float32 of length 1 each, <s> first and </s> last.
using SentenceEmbeddings = std::map<std::string, torch::Tensor>;

class SentenceEncoder {
 public:
  SentenceEncoder(const config::BertScore& config, torch::Device device);

  // In batches of like length.
  SentenceEmbeddings encode(const std::set<std::string>& sentences);

 private:
  struct Tokens {
    std::string sentence;
    std::vector<text::TokenId> ids;
  };

  text::TokenId special(const char* token, const std::string& path) const;
  // <s>, the stripped sentence after one space, </s>; cut before </s> to fit the model's positions.
  std::vector<text::TokenId> ids_of(std::string_view sentence) const;
  void encode_batch(std::span<const Tokens> batch, SentenceEmbeddings& embeddings);

  std::unique_ptr<text::Tokenizer> tokenizer_;
  Roberta roberta_;
  torch::Device device_;
  text::TokenId begin_;
  text::TokenId end_;
};

}  // namespace midillama::eval
