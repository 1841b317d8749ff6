#include "midillama/data/text_rows.h"

#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/random.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>

namespace midillama::data {
namespace {

using Ids = std::vector<text::TokenId>;

// "reel, G major, 6/8": the values of the facts, in drawn order.
std::string facts_text(const records::Facts& facts, Random& random) {
  std::vector<std::string> values;
  for (const auto& [tag, value] : facts) values.push_back(value);
  random.shuffle(std::span(values));
  return fmt::format("{}", fmt::join(values, ", "));
}

// The documents of one clip: its questions in drawn order, as many in a document as fit.
std::vector<Ids> clip_documents(std::vector<records::Question> questions, const text::PromptTemplate& prompt,
                                const text::Tokenizer& tokenizer, std::size_t sequence_length, std::uint64_t seed) {
  Random random(seed);
  random.shuffle(std::span(questions));
  std::vector<Ids> documents;
  for (const auto& question : questions) {
    const auto example =
        prompt.encode(records::conversation_of(question, /*with_answer=*/true), std::numeric_limits<std::int64_t>::max(), 0);
    const auto music = example.input_ids.begin() + example.music_position;
    if (documents.empty() || documents.back().size() + static_cast<std::size_t>(example.input_ids.end() - music) > sequence_length) {
      Ids& document = documents.emplace_back(example.input_ids.begin(), music);
      const Ids facts = tokenizer.encode(facts_text(question.facts, random));
      document.insert(document.end(), facts.begin(), facts.end());
    }
    documents.back().insert(documents.back().end(), music, example.input_ids.end());
  }
  return documents;
}

}  // namespace

std::vector<std::string> tokenizer_texts(const records::QuestionFile& questions) {
  std::vector<std::string> texts;
  questions.for_each([&](const records::Question& question) {
    texts.push_back(fmt::format("Question: {}\nAnswer:\n", question.question));
    texts.push_back(question.answer);
  });
  return texts;
}

TextRows::TextRows(const records::QuestionFile& questions, const text::PromptTemplate& prompt, const text::Tokenizer& tokenizer,
                   std::uint64_t seed, std::int64_t sequence_length) {
  const auto length = static_cast<std::size_t>(sequence_length);
  std::map<std::filesystem::path, std::vector<std::size_t>> by_clip;
  std::size_t index = 0;
  questions.for_each([&](const records::Question& question) { by_clip[question.clip].push_back(index++); });
  const std::vector<std::pair<std::filesystem::path, std::vector<std::size_t>>> clips(by_clip.begin(), by_clip.end());
  std::vector<std::vector<Ids>> written(clips.size());
  parallel_for("tokenizing", clips.size(), [&](std::size_t i) {
    std::vector<records::Question> of_clip;
    for (const std::size_t question : clips[i].second) of_clip.push_back(questions.at(question));
    written[i] = clip_documents(std::move(of_clip), prompt, tokenizer, length, seed_for(seed, "text of a clip", i));
  });
  std::vector<Ids> documents;
  for (auto& clip : written) std::ranges::move(clip, std::back_inserter(documents));
  Random(seed_for(seed, "text documents")).shuffle(std::span(documents));

  std::size_t tokens = 0;
  for (const Ids& document : documents) {
    tokens += document.size();
    for (std::size_t begin = 0; begin + 1 < document.size(); begin += length) {
      const auto end = std::min(document.size(), begin + length);
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
