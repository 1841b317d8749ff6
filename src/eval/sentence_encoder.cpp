#include "midillama/eval/sentence_encoder.h"

#include "midillama/core/error.h"
#include "midillama/core/progress.h"
#include "midillama/model/to_device.h"
#include "midillama/text/utf8.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>

namespace midillama::eval {
namespace {

constexpr std::size_t kBatch = 64;  // sentences of one forward pass
constexpr TextFrame kBert = {"[CLS]", "[SEP]", ""};
constexpr TextFrame kRoberta = {"<s>", "</s>", " "};

}  // namespace

SentenceEncoder::SentenceEncoder(const config::BertScore& config, torch::Device device)
    : tokenizer_(text::load_tokenizer(config.path)),
      encoder_(model::load_bert_encoder(config.path, config.layer, device)),
      device_(device),
      frame_(encoder_->config.family == model::BertConfig::Family::bert ? kBert : kRoberta),
      begin_(special(frame_.begin, config.path)),
      end_(special(frame_.end, config.path)) {
  if (tokenizer_->vocab_size() > encoder_->config.vocab_size) {
    throw InputError(config.path, "",
                     fmt::format("the tokenizer has {} ids, but the encoder's vocab_size is {}: they do not belong together",
                                 tokenizer_->vocab_size(), encoder_->config.vocab_size));
  }
  const auto trial = encode({"music"}).at("music");
  if (!trial.isfinite().all().item<bool>()) throw InputError(config.path, "", "the encoder gives texts no finite embeddings");
}

text::TokenId SentenceEncoder::special(const char* token, const std::string& path) const {
  const auto id = tokenizer_->token_id(token);
  if (!id) throw InputError(path, "tokenizer", fmt::format("there is no token {}: the tokenizer is not that of the encoder", token));
  return *id;
}

std::vector<text::TokenId> SentenceEncoder::whole_ids_of(std::string_view sentence) const {
  std::vector<text::TokenId> ids = {begin_};
  if (const auto text = text::strip(sentence); !text.empty()) {
    const auto tokens = tokenizer_->encode(frame_.before + std::string(text));
    ids.insert(ids.end(), tokens.begin(), tokens.end());
  }
  ids.push_back(end_);
  return ids;
}

std::vector<text::TokenId> SentenceEncoder::ids_of(std::string_view sentence) const {
  auto ids = whole_ids_of(sentence);
  ids.resize(std::min(ids.size(), static_cast<std::size_t>(longest())));
  ids.back() = end_;
  return ids;
}

SentenceEmbeddings SentenceEncoder::encode(const std::set<std::string>& sentences) {
  const torch::NoGradGuard no_grad;
  std::vector<Tokens> tokens;
  for (const auto& sentence : sentences) tokens.push_back({sentence, ids_of(sentence)});
  std::ranges::stable_sort(tokens, {}, [](const Tokens& entry) { return entry.ids.size(); });
  SentenceEmbeddings embeddings;
  Progress progress = Progress::when_long("encoding sentences for BERTScore", tokens.size());
  for (std::size_t begin = 0; begin < tokens.size(); begin += kBatch) {
    encode_batch(std::span(tokens).subspan(begin, std::min(kBatch, tokens.size() - begin)), embeddings);
    progress.update(std::min(begin + kBatch, tokens.size()));
  }
  return embeddings;
}

torch::Tensor SentenceEncoder::embed(const std::string& sentence) {
  const torch::Tensor mean = encode({sentence}).at(sentence).mean(0);
  return mean / mean.norm();
}

void SentenceEncoder::encode_batch(std::span<const Tokens> batch, SentenceEmbeddings& embeddings) {
  const auto longest = static_cast<std::int64_t>(batch.back().ids.size());
  auto ids = torch::full({static_cast<std::int64_t>(batch.size()), longest}, encoder_->config.pad_token_id, torch::kInt64);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto row = torch::tensor(batch[i].ids, torch::kInt64);
    ids[static_cast<std::int64_t>(i)].narrow(0, 0, row.size(0)).copy_(row);
  }
  const auto hidden = encoder_->forward(model::to_device(ids, device_));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto length = static_cast<std::int64_t>(batch[i].ids.size());
    embeddings[batch[i].sentence] = hidden[static_cast<std::int64_t>(i)].narrow(0, 0, length).clone();
  }
}

}  // namespace midillama::eval
