// What masks of tokens cost, and answers to check: build/bench/bin/grammar_walks TOKENIZER SCHEMAS [ANSWERS] [TOKENS]
//
// For every schema of a JSON object of them, draws ANSWERS answers of at most TOKENS tokens beyond the shortest at random among the tokens
// that are allowed. Half of them prefer tokens of a word's length, as a model's texts have them. Answers come on standard output, one JSON
// line each ({"schema", "text"}: tests/golden/grammar/check_walks.py reads them), the microseconds of processor time that masks took on
// standard error.
#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"
#include "midillama/core/random.h"
#include "midillama/grammar/matcher.h"
#include "midillama/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace midillama;
// Processor time, which other programs do not take from.
double microseconds_since(std::clock_t start) {
  return static_cast<double>(std::clock() - start) * 1e6 / CLOCKS_PER_SEC;
}

std::vector<text::TokenId> ids_of(std::span<const std::uint64_t> mask) {
  std::vector<text::TokenId> ids;
  for (std::size_t word = 0; word < mask.size(); ++word) {
    for (std::uint64_t bits = mask[word]; bits != 0; bits &= bits - 1) {
      ids.push_back(static_cast<text::TokenId>(word * 64) + std::countr_zero(bits));
    }
  }
  return ids;
}

struct Timings {
  std::vector<double> masks, accepted;  // microseconds

  static std::string line(std::vector<double> times) {
    std::ranges::sort(times);
    const auto at = [&](double share) { return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]; };
    double sum = 0;
    for (const double time : times) sum += time;
    return fmt::format("mean {:7.1f}  median {:7.1f}  99 % {:7.1f}  most {:7.1f}", sum / static_cast<double>(times.size()), at(0.5),
                       at(0.99), at(1));
  }
};

// The first of some draws that is long, where words are preferred.
text::TokenId draw(const std::vector<text::TokenId>& ids, const grammar::Vocabulary& vocabulary, bool prefers_words, Random& random) {
  text::TokenId id = ids[random.below(ids.size())];
  for (int i = 0; i < 4 && prefers_words && vocabulary.bytes(id).size() < 3; ++i) id = ids[random.below(ids.size())];
  return id;
}

std::string answer(const std::shared_ptr<const grammar::Grammar>& grammar, const text::Tokenizer& tokenizer, std::int64_t tokens,
                   std::uint64_t seed, Timings& timings) {
  grammar::Matcher matcher(grammar);
  Random random(seed);
  std::vector<text::TokenId> written;
  for (std::int64_t left = grammar->shortest() + tokens; left > 0 && !matcher.is_finished(); --left) {
    const auto start = std::clock();
    const auto mask = matcher.allowed(left);
    timings.masks.push_back(microseconds_since(start));
    const text::TokenId id = draw(ids_of(mask), grammar->vocabulary(), seed % 2 == 0, random);
    if (std::ranges::count(grammar->vocabulary().stop_ids(), id) > 0) break;
    const auto accepted = std::clock();
    matcher.accept(id);
    timings.accepted.push_back(microseconds_since(accepted));
    written.push_back(id);
  }
  return tokenizer.decode(written);
}

void run(const std::string& tokenizer_path, const std::string& schemas_path, std::uint64_t answers, std::int64_t tokens) {
  const auto tokenizer = text::load_tokenizer(tokenizer_path);
  auto start = std::clock();
  const auto vocabulary = std::make_shared<const grammar::Vocabulary>(*tokenizer, std::vector{tokenizer->eos_id().value()});
  fmt::print(stderr, "vocabulary of {} tokens: {:.0f} ms\n", vocabulary->size(), microseconds_since(start) / 1000);
  const OrderedJson schemas = parse_ordered_json(read_text(schemas_path), schemas_path);
  for (const auto& [name, schema] : schemas.items()) {
    start = std::clock();
    const auto grammar = grammar::json_schema(schema, vocabulary);
    const double compiled = microseconds_since(start);
    Timings timings;
    for (std::uint64_t seed = 0; seed < answers; ++seed) {
      const std::string text = answer(grammar, *tokenizer, tokens, seed, timings);
      fmt::print("{}\n", json_text(Json{{"schema", name}, {"text", text}}));
    }
    fmt::print(stderr, "{:28} compiled {:6.0f}  masks    {}\n{:45} accepting {}\n", name, compiled, Timings::line(timings.masks), "",
               Timings::line(timings.accepted));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} TOKENIZER SCHEMAS [ANSWERS] [TOKENS]\n", argv[0]);
    return 2;
  }
  try {
    run(argv[1], argv[2], argc > 3 ? std::stoull(argv[3]) : 4, argc > 4 ? std::stoll(argv[4]) : 100);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
  return 0;
}
