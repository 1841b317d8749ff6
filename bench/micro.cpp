// Micro-benchmarks of the hot functions above LibTorch, on inputs made here: build/bench/bin/micro [--benchmark_filter=Bpe].
#include "midillama/core/random.h"
#include "midillama/metrics/intervals.h"
#include "midillama/metrics/metrics.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/octuple.h"
#include "midillama/octuple/vocabulary.h"
#include "text/byte_level.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <map>

namespace {

using namespace midillama;

void count_items(benchmark::State& state, std::size_t items) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
}
void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

// --- MIDI

// Notes anywhere, some sounding together.
midi::Score piece(int instruments, int notes) {
  Random random(1);
  midi::Score score;
  for (int i = 0; i < instruments; ++i) {
    midi::Instrument& instrument = score.instruments.emplace_back();
    instrument.program = static_cast<std::uint8_t>(random.below(128));
    for (int n = 0; n < notes; ++n) {
      const midi::Tick start{n * 60 + static_cast<std::int64_t>(random.below(60))};
      const midi::Tick end{start.value + 1 + static_cast<std::int64_t>(random.below(900))};
      instrument.notes.push_back(
          {start, end, static_cast<std::uint8_t>(30 + random.below(60)), static_cast<std::uint8_t>(1 + random.below(127))});
    }
  }
  return score;
}

void ParseMidi(benchmark::State& state) {
  const auto bytes = midi::to_midi(piece(static_cast<int>(state.range(0)), static_cast<int>(state.range(1))));
  for (auto _ : state) benchmark::DoNotOptimize(midi::parse_midi(bytes, "piece"));
  count_bytes(state, bytes.size());
}
BENCHMARK(ParseMidi)->Args({1, 60})->Args({1, 8000})->Args({16, 500});

void EncodeOctuples(benchmark::State& state) {
  const midi::Score score = piece(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(octuple::encode(score));
  count_items(state, score.note_count());
}
BENCHMARK(EncodeOctuples)->Args({1, 60})->Args({1, 8000})->Args({16, 500});

void WindowsToIds(benchmark::State& state) {
  const auto octuples = octuple::encode(piece(16, 500));
  for (auto _ : state) {
    for (const auto& window : octuple::windows(octuples)) benchmark::DoNotOptimize(octuple::to_ids(window));
  }
  count_items(state, octuples.size());
}
BENCHMARK(WindowsToIds);

// --- Text

// Words of two to nine letters, frequent ones first.
std::string word(Random& random) {
  constexpr std::uint64_t kWords = 5000;
  Random letters(random.below(1 + random.below(kWords)));
  std::string word;
  for (std::uint64_t length = 2 + letters.below(8); word.size() < length;) word += "etaoinshrdlucmfw"[letters.below(1 + letters.below(16))];
  return word;
}

std::string prose(std::size_t size) {
  Random random(2);
  std::string text;
  while (text.size() < size) text += word(random) + (random.below(8) > 0 ? " " : random.below(4) > 0 ? ", " : ".\n\n");
  return text;
}

// Bytes, then the beginnings of some words, each merged of a shorter one and a byte.
const text::ByteLevelTokenizer& tokenizer() {
  static const auto made = [] {
    text::ByteLevelModel model;
    std::map<std::string, text::Symbol> ids;
    const auto add = [&](const std::string& token) {
      const auto [place, added] = ids.emplace(token, static_cast<text::Symbol>(model.tokens.size()));
      if (added) model.tokens.push_back(token);
      return place->second;
    };
    for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
    Random random(3);
    for (int i = 0; i < 3000; ++i) {
      const std::string token = " " + word(random);
      text::Symbol left = add(token.substr(0, 1));
      for (std::size_t size = 2; size <= token.size(); ++size) {
        const auto known = static_cast<text::Symbol>(model.tokens.size());
        const text::Symbol merged = add(token.substr(0, size));
        if (merged == known) model.merges.push_back({left, add(token.substr(size - 1, 1)), merged, merged});
        left = merged;
      }
    }
    model.pre_tokenizer.add_split(text::kLlama3Pattern, text::PreTokenizer::Keep::all);
    return std::make_unique<text::ByteLevelTokenizer>(std::move(model));
  }();
  return *made;
}

void PreTokenize(benchmark::State& state) {
  const std::string text = prose(100'000);
  text::PreTokenizer pre_tokenizer;
  pre_tokenizer.add_split(text::kLlama3Pattern, text::PreTokenizer::Keep::all);
  text::Regex::Scratch scratch;
  for (auto _ : state) pre_tokenizer.split(text, scratch, [](std::string_view piece) { benchmark::DoNotOptimize(piece); });
  count_bytes(state, text.size());
}
BENCHMARK(PreTokenize);

void BpeProse(benchmark::State& state) {
  const std::string text = prose(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer().encode(text));
  count_bytes(state, text.size());
}
BENCHMARK(BpeProse)->Arg(60)->Arg(100'000);

// One piece without a break.
void BpeLongPiece(benchmark::State& state) {
  std::string text = prose(static_cast<std::size_t>(state.range(0)));
  std::erase_if(text, [](char c) { return c < 'a'; });
  for (auto _ : state) benchmark::DoNotOptimize(tokenizer().encode(text));
  count_bytes(state, text.size());
}
BENCHMARK(BpeLongPiece)->Arg(80)->Arg(100'000);

// --- Metrics

// Answers of 15 words, of which the predictions change every fifth.
std::vector<metrics::Example> examples() {
  Random random(4);
  std::vector<metrics::Example> examples(500);
  for (auto& [prediction, references] : examples) {
    std::string& reference = references.emplace_back();
    for (int i = 0; i < 15; ++i) {
      const std::string next = word(random);
      reference += next + " ";
      prediction += (random.below(5) > 0 ? next : word(random)) + " ";
    }
  }
  return examples;
}

template <typename Metric>
void score(benchmark::State& state, const Metric& metric) {
  const auto pairs = examples();
  for (auto _ : state) benchmark::DoNotOptimize(metric(pairs));
  count_items(state, pairs.size());
}

void Bleu(benchmark::State& state) {
  score(state, metrics::bleu);
}
BENCHMARK(Bleu);

void RougeL(benchmark::State& state) {
  score(state, metrics::rouge_l);
}
BENCHMARK(RougeL);

void Meteor(benchmark::State& state) {
  const std::filesystem::path wordnet = "/usr/share/wordnet";
  if (!std::filesystem::exists(wordnet)) return state.SkipWithError("Debian's wordnet-base is not installed");
  score(state, [&](const auto& pairs) { return metrics::meteor(pairs, wordnet); });
}
BENCHMARK(Meteor);

void BootstrapInterval(benchmark::State& state) {
  Random random(5);
  std::vector<double> values(3000);
  for (double& value : values) value = random.uniform();
  for (auto _ : state) benchmark::DoNotOptimize(metrics::bootstrap_interval(values, 1, 1000));
  count_items(state, 1000 * values.size());
}
BENCHMARK(BootstrapInterval);

}  // namespace
