#include "midillama/data/text_rows.h"

#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/random.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

namespace midillama::data {
namespace {

using Ids = std::vector<text::TokenId>;

// "reel, G major, 6/8": the values of the facts, in drawn order.
std::string facts_text(const Json& facts, Random& random) {
  std::vector<std::string> values;
  for (const auto& fact : facts) values.push_back(fact.is_string() ? fact.get<std::string>() : fact.dump());
  random.shuffle(std::span(values));
  return fmt::format("{}", fmt::join(values, ", "));
}

Ids encode(const Question& question, const text::PromptTemplate& prompt, const text::Tokenizer& tokenizer, std::uint64_t seed) {
  Random random(seed);
  auto example = prompt.encode(question.question, question.answer, std::numeric_limits<std::int64_t>::max(), 0);
  const Ids facts = tokenizer.encode(facts_text(question.facts, random));
  example.input_ids.insert(example.input_ids.begin() + example.music_position, facts.begin(), facts.end());
  return std::move(example.input_ids);
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
  std::vector<Ids> documents(questions.size());
  parallel_for(documents.size(),
               [&](std::size_t i) { documents[i] = encode(questions[i], prompt, tokenizer, seed_for(seed, "order of facts", i)); });
  Random(seed_for(seed, "text documents")).shuffle(std::span(documents));

  std::size_t tokens = 0;
  for (const Ids& document : documents) {
    tokens += document.size();
    for (std::size_t begin = 0; begin + 1 < document.size(); begin += static_cast<std::size_t>(sequence_length)) {
      const auto end = std::min(document.size(), begin + static_cast<std::size_t>(sequence_length));
      if (end - begin > 1) rows_.emplace_back(document.begin() + begin, document.begin() + end);
    }
  }
  log::info("{} documents of {} tokens in {} rows", documents.size(), tokens, rows_.size());
}

std::string TextRows::fingerprint() const {
  std::string parts;
  for (const auto& row : rows_) parts += midillama::fingerprint({reinterpret_cast<const char*>(row.data()), row.size() * sizeof(row[0])});
  return midillama::fingerprint(parts);
}

}  // namespace midillama::data
