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
constexpr std::string_view kBertSpecials[] = {"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"};
constexpr std::string_view kRobertaSpecials[] = {"<s>", "</s>", "<pad>", "<unk>", "<mask>"};
constexpr TextFrame kBert = {kBertSpecials, ""};
constexpr TextFrame kRoberta = {kRobertaSpecials, " "};

}  // namespace

SentenceEncoder::SentenceEncoder(const config::BertScore& config, torch::Device device)
    : tokenizer_(text::load_tokenizer(config.path)),
      encoder_(model::load_bert_encoder(config.path, config.layer, device)),
      device_(device),
      frame_(encoder_->config.family == model::BertConfig::Family::bert ? kBert : kRoberta),
      begin_(special(frame_.specials[0], config.path)),
      end_(special(frame_.specials[1], config.path)) {
  if (tokenizer_->vocab_size() > encoder_->config.vocab_size) {
    throw InputError(config.path, "",
                     fmt::format("the tokenizer has {} ids, but the encoder's vocab_size is {}: they do not belong together",
                                 tokenizer_->vocab_size(), encoder_->config.vocab_size));
  }
  const auto trial = encode({"music"}).at("music");
  if (!trial.isfinite().all().item<bool>()) throw InputError(config.path, "", "the encoder gives texts no finite embeddings");
}

text::TokenId SentenceEncoder::special(std::string_view token, const std::string& path) const {
  const auto id = tokenizer_->token_id(token);
  if (!id) throw InputError(path, "tokenizer", fmt::format("there is no token {}: the tokenizer is not that of the encoder", token));
  return *id;
}

std::vector<text::TokenId> SentenceEncoder::whole_ids_of(std::string_view sentence) const {
  std::vector<text::TokenId> ids = {begin_};
  const auto append_plain = [&](std::string_view text) {
    if (text.empty()) return;
    const auto tokens = tokenizer_->encode(std::string(text.starts_with(frame_.before) ? "" : frame_.before).append(text));
    ids.insert(ids.end(), tokens.begin(), tokens.end());
  };
  const std::string_view text = text::strip(sentence);
  std::size_t plain = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto token = std::ranges::find_if(frame_.specials, [&](std::string_view name) { return text.substr(at).starts_with(name); });
    const auto id = token == frame_.specials.end() ? std::nullopt : tokenizer_->token_id(*token);
    if (!id) {
      ++at;
      continue;
    }
    append_plain(text.substr(plain, at - plain));
    ids.push_back(*id);
    at += token->size(), plain = at;
  }
  append_plain(text.substr(plain));
  ids.push_back(end_);
  return ids;
}

std::vector<text::TokenId> SentenceEncoder::ids_of(std::string_view sentence) const {
  auto ids = whole_ids_of(sentence);
  ids.resize(std::min(ids.size(), static_cast<std::size_t>(longest())));
  ids.back() = end_;
  return ids;
}

torch::Tensor SentenceEncoder::counted(std::string_view sentence) const {
  std::vector<float> counted;
  for (const text::TokenId id : ids_of(sentence)) counted.push_back(id == begin_ || id == end_ ? 0.0F : 1.0F);
  return torch::tensor(counted);
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
