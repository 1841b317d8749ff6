// Sentences as hidden states of BERT or RoBERTa: for BERTScore, and as embeddings.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/bert_encoder.h"
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

// Sentence -> [tokens, hidden_size] float32, the tokens that begin and end a text included.
using SentenceEmbeddings = std::map<std::string, torch::Tensor>;

// A family's special tokens, those that begin and end a text first, and what comes before a text's first word. Their names within a text
// are these tokens.
struct TextFrame {
  std::span<const std::string_view> specials;
  std::string_view before;
};

class SentenceEncoder {
 public:
  // Loads the BERT or RoBERTa directory config.path (config.json, safetensors, tokenizer.json) up to block config.layer. InputError where
  // it does not hold one, ConfigError where it has fewer layers.
  SentenceEncoder(const config::BertScore& config, torch::Device device);

  // In batches of like length.
  SentenceEmbeddings encode(const std::set<std::string>& sentences);
  // Which of a sentence's tokens count in BERTScore: all but those that begin and end texts, wherever they stand. 1 or 0 [tokens].
  torch::Tensor counted(std::string_view sentence) const;
  // The mean over the tokens, of length 1: [hidden_size] as sentence-transformers has it for all-MiniLM-L6-v2, up to longest() tokens.
  torch::Tensor embed(const std::string& sentence);
  // How many tokens a sentence has, and how many of them the model has positions for.
  std::int64_t tokens(std::string_view sentence) const { return std::ssize(whole_ids_of(sentence)); }
  std::int64_t longest() const { return encoder_->config.longest(); }

 private:
  struct Tokens {
    std::string sentence;
    std::vector<text::TokenId> ids;
  };

  text::TokenId special(std::string_view token, const std::string& path) const;
  // The stripped sentence (RoBERTa: after one space) between the tokens that begin and end a text.
  std::vector<text::TokenId> whole_ids_of(std::string_view sentence) const;
  // The same, cut to fit the model's positions.
  std::vector<text::TokenId> ids_of(std::string_view sentence) const;
  void encode_batch(std::span<const Tokens> batch, SentenceEmbeddings& embeddings);

  std::unique_ptr<text::Tokenizer> tokenizer_;
  model::BertEncoder encoder_;
  torch::Device device_;
  TextFrame frame_;
  text::TokenId begin_;
  text::TokenId end_;
};

}  // namespace midillama::eval
