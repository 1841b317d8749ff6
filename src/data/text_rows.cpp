#include "midillama/data/text_rows.h"

#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/random.h"

#include <fmt/format.h>

#include <limits>
#include <map>

namespace midillama::data {
namespace {

using Ids = std::vector<text::TokenId>;
using Document = std::vector<const Question*>;

// The questions of each clip, both in drawn order.
std::vector<Document> documents_of(std::span<const Question> questions, std::uint64_t seed) {
  std::map<std::filesystem::path, std::size_t> place;
  std::vector<Document> documents;
  for (const auto& question : questions) {
    const auto [found, is_new] = place.try_emplace(question.clip, documents.size());
    if (is_new) documents.emplace_back();
    documents[found->second].push_back(&question);
  }
  Random random(seed_for(seed, "text documents"));
  for (auto& document : documents) random.shuffle(std::span(document));
  random.shuffle(std::span(documents));
  return documents;
}

Ids encode(const Document& document, const text::PromptTemplate& prompt, const text::Tokenizer& tokenizer) {
  const auto bos = tokenizer.bos_id();
  const auto eos = tokenizer.eos_id();
  Ids ids;
  if (bos) ids.push_back(*bos);
  for (const Question* question : document) {
    const Ids item = prompt.encode(question->question, question->answer, std::numeric_limits<std::int64_t>::max(), 0).input_ids;
    ids.insert(ids.end(), item.begin() + (bos && item.front() == *bos ? 1 : 0), item.end());
    if (eos && ids.back() != *eos) ids.push_back(*eos);
  }
  return ids;
}

}  // namespace

std::vector<std::string> tokenizer_texts(std::span<const Question> questions) {
  std::vector<std::string> texts;
  for (const auto& question : questions) {
    texts.push_back(fmt::format("Question: {}\nAnswer:\n", question.question));
    texts.push_back(question.answer);
  }
  return texts;
}

TextRows::TextRows(std::span<const Question> questions, const text::PromptTemplate& prompt, const text::Tokenizer& tokenizer,
                   std::uint64_t seed, std::int64_t sequence_length) {
  const auto documents = documents_of(questions, seed);
  std::vector<Ids> encoded(documents.size());
  parallel_for(documents.size(), [&](std::size_t i) { encoded[i] = encode(documents[i], prompt, tokenizer); });

  std::size_t tokens = 0;
  for (const Ids& document : encoded) {
    tokens += document.size();
    for (const auto id : document) {
      if (rows_.empty() || static_cast<std::int64_t>(rows_.back().size()) == sequence_length) rows_.emplace_back();
      rows_.back().push_back(id);
    }
  }
  if (!rows_.empty() && rows_.back().size() < 2) rows_.pop_back();
  log::info("{} documents of {} tokens in {} rows", documents.size(), tokens, rows_.size());
}

std::string TextRows::fingerprint() const {
  std::string parts;
  for (const auto& row : rows_) parts += midillama::fingerprint({reinterpret_cast<const char*>(row.data()), row.size() * sizeof(row[0])});
  return midillama::fingerprint(parts);
}

}  // namespace midillama::data
