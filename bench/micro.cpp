// Micro-benchmarks of the hot functions above LibTorch, on inputs made here: build/bench/bin/micro [--benchmark_filter=Bpe].
//
// Products say their GFLOP/s and which share of the core's peak that is, those of one to sixteen rows the GB/s at which they read the
// weight and the share of what a plain sum reads from as much memory. MIDILLAMA_TARGET=avx2 (or another) measures them as a processor with
// no more would run them.
#include "machine.h"
#include "midillama/core/random.h"
#include "midillama/kernels/attention.h"
#include "midillama/kernels/few_rows.h"
#include "midillama/kernels/int8.h"
#include "midillama/kernels/products.h"
#include "midillama/kernels/target.h"
#include "midillama/metrics/intervals.h"
#include "midillama/metrics/metrics.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/octuple.h"
#include "midillama/octuple/vocabulary.h"
#include "text/byte_level.h"

#include <benchmark/benchmark.h>

#include <filesystem>
#include <iostream>
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
std::vector<metrics::ScoredText> examples() {
  Random random(4);
  std::vector<metrics::ScoredText> examples(500);
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

// --- Kernels

std::vector<float> floats(std::int64_t count) {
  Random random(6);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform() - 0.5);
  return values;
}

void count_operations(benchmark::State& state, std::int64_t operations) {
  static const double peak = bench::peak_gflops();
  const auto billions = static_cast<double>(operations) / 1e9;
  state.counters["GFLOP/s"] = benchmark::Counter(billions, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = benchmark::Counter(billions / peak, benchmark::Counter::kIsIterationInvariantRate);
}

void CorePeak(benchmark::State& state) {
  constexpr std::int64_t kRounds = 10'000;
  for (auto _ : state) benchmark::DoNotOptimize(bench::fused_multiply_adds(kRounds));
  count_operations(state, kRounds * bench::operations_a_round());
}
BENCHMARK(CorePeak);

// The products of attention (scores, values, gradients of keys) and of adapters, at the sizes of a decoder: rows, columns, steps, whether
// the left side is transposed and the result added to.
void Multiply(benchmark::State& state) {
  const std::int64_t rows = state.range(0), columns = state.range(1), steps = state.range(2);
  const bool transposed = state.range(3) != 0;
  const auto a = floats(rows * steps), b = floats(steps * columns);
  auto c = floats(rows * columns);
  const kernels::Product product{.a = a.data(),
                                 .a_row = transposed ? 1 : steps,
                                 .a_step = transposed ? rows : 1,
                                 .b = b.data(),
                                 .b_step = columns,
                                 .c = c.data(),
                                 .c_row = columns,
                                 .rows = rows,
                                 .columns = columns,
                                 .steps = steps,
                                 .add = state.range(4) != 0};
  for (auto _ : state) {
    kernels::multiply(product);
    benchmark::ClobberMemory();
  }
  count_operations(state, 2 * rows * columns * steps);
}
BENCHMARK(Multiply)
    ->ArgNames({"rows", "columns", "steps", "transposed", "add"})
    ->Args({96, 128, 64, 0, 0})
    ->Args({96, 128, 512, 0, 0})
    ->Args({24, 144, 32, 0, 0})
    ->Args({24, 144, 64, 0, 0})
    ->Args({24, 272, 128, 0, 0})
    ->Args({24, 32, 128, 0, 0})
    ->Args({24, 64, 256, 0, 0})
    ->Args({24, 128, 256, 0, 0})
    ->Args({128, 32, 24, 1, 1})
    ->Args({256, 64, 24, 1, 1})
    ->Args({160, 688, 8, 0, 1})
    ->Args({160, 1024, 8, 0, 1})
    ->Args({160, 8, 688, 0, 0})
    ->Args({4, 64, 128, 0, 0});

// The rate at which a weight of so many bytes is read, and its share of what a plain sum of as many reads.
void count_read(benchmark::State& state, std::int64_t bytes) {
  static std::map<std::int64_t, double> bandwidths;
  const auto [bandwidth, is_new] = bandwidths.try_emplace(bytes, 0);
  if (is_new) bandwidth->second = bench::read_bandwidth(bytes);
  const double billions = static_cast<double>(bytes) / 1e9;
  state.counters["GB/s"] = benchmark::Counter(billions, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["of_read"] = benchmark::Counter(billions / bandwidth->second, benchmark::Counter::kIsIterationInvariantRate);
}

void run_few_rows(benchmark::State& state, const kernels::FewRows& product) {
  for (auto _ : state) {
    kernels::few_rows(product, 0, product.outputs);
    benchmark::ClobberMemory();
  }
  count_operations(state, 2 * product.rows * product.inputs * product.outputs);
}

// Rows, inputs, outputs.
void FewRows(benchmark::State& state) {
  const std::int64_t rows = state.range(0), inputs = state.range(1), outputs = state.range(2);
  const auto x = floats(rows * inputs), weight = floats(inputs * outputs);
  auto y = floats(rows * outputs);
  run_few_rows(
      state,
      {.x = x.data(), .rows = rows, .weight = weight.data(), .inputs = inputs, .outputs = outputs, .y = y.data(), .y_stride = outputs});
  count_read(state, 4 * inputs * outputs);
}
BENCHMARK(FewRows)
    ->ArgNames({"rows", "inputs", "outputs"})
    ->ArgsProduct({{1, 2, 4, 8, 16}, {256}, {512, 4096}})
    ->ArgsProduct({{1, 2, 3, 5, 11, 16}, {576}, {960, 49152}})
    ->ArgsProduct({{1, 2, 4, 8, 16}, {688}, {256}})
    ->ArgsProduct({{1, 2, 4, 8, 16}, {1024}, {1536, 32000}})
    ->ArgsProduct({{1, 2, 4, 8, 16}, {2816}, {1024}});

void Int8Rows(benchmark::State& state) {
  const std::int64_t rows = state.range(0), inputs = state.range(1), outputs = state.range(2);
  const auto x = floats(rows * inputs), weight = floats(inputs);
  auto y = floats(rows * outputs);
  std::vector<std::uint16_t> scales(static_cast<std::size_t>(outputs * kernels::int8_blocks(inputs)));
  std::vector<std::int8_t> levels(scales.size() * kernels::kInt8Block);
  for (std::int64_t o = 0; o < outputs; ++o) kernels::quantize(weight.data(), o, inputs, levels.data(), scales.data());
  run_few_rows(state, {.x = x.data(),
                       .rows = rows,
                       .weight = nullptr,
                       .int8 = {levels.data(), scales.data()},
                       .inputs = inputs,
                       .outputs = outputs,
                       .y = y.data(),
                       .y_stride = outputs});
  count_read(state, static_cast<std::int64_t>(levels.size() + 2 * scales.size()));
}
BENCHMARK(Int8Rows)
    ->ArgNames({"rows", "inputs", "outputs"})
    ->ArgsProduct({{1, 2, 4, 8, 16}, {576}, {960, 3072, 49152 * 4}})
    ->ArgsProduct({{1, 2, 4, 8, 16}, {1536}, {576}});

// Tokens, query heads that share a key head, size of a head; the operations that causality asks for.
struct Text {
  Text(const benchmark::State& state)
      : tokens(state.range(0)),
        queries_per_key(state.range(1)),
        size(state.range(2)),
        width((queries_per_key + 2) * size),
        heads(floats(tokens * width)),
        y(floats(tokens * queries_per_key * size)),
        log_sums(floats(tokens * queries_per_key)),
        gradients(heads.size()),
        scratch(static_cast<std::size_t>(kernels::attention_scratch(tokens, size))) {}

  kernels::SharedHead head() const {
    const float* keys = heads.data() + queries_per_key * size;
    return {.tokens = tokens,
            .queries_per_key = queries_per_key,
            .size = size,
            .queries = heads.data(),
            .keys = keys,
            .values = keys + size,
            .stride = width};
  }
  kernels::Attended attended() {
    return {.y = y.data(), .stride = queries_per_key * size, .log_sums = log_sums.data(), .log_stride = tokens};
  }
  // Of so many products of tokens with the tokens before them.
  std::int64_t operations(std::int64_t products) const { return products * queries_per_key * tokens * (tokens + 1) * size; }

  std::int64_t tokens, queries_per_key, size, width;
  std::vector<float> heads, y, log_sums, gradients, scratch;
};

void Attend(benchmark::State& state) {
  Text text(state);
  for (auto _ : state) {
    kernels::attend(text.head(), text.attended(), text.scratch.data());
    benchmark::ClobberMemory();
  }
  count_operations(state, text.operations(2));
}

void AttendBackward(benchmark::State& state) {
  Text text(state);
  kernels::attend(text.head(), text.attended(), text.scratch.data());
  const auto dy = floats(text.tokens * text.queries_per_key * text.size);
  float *queries = text.gradients.data(), *keys = queries + text.queries_per_key * text.size;
  for (auto _ : state) {
    kernels::attend_backward(text.head(), text.attended(), {.dy = dy.data(), .queries = queries, .keys = keys, .values = keys + text.size},
                             text.scratch.data());
    benchmark::ClobberMemory();
  }
  count_operations(state, text.operations(5));
}

void texts(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"tokens", "queries", "size"})->Args({40, 2, 32})->Args({128, 2, 32})->Args({256, 4, 64})->Args({512, 4, 128});
}
BENCHMARK(Attend)->Apply(texts);
BENCHMARK(AttendBackward)->Apply(texts);

void AttendNext(benchmark::State& state) {
  const std::int64_t length = state.range(0), queries = state.range(1), size = state.range(2);
  const auto q = floats(queries * size), keys = floats(length * size), values = floats(length * size);
  auto y = floats(queries * size), scratch = floats(kernels::next_token_scratch(length, queries));
  for (auto _ : state) {
    kernels::attend_next({.queries_per_key = queries,
                          .size = size,
                          .length = length,
                          .queries = q.data(),
                          .keys = keys.data(),
                          .values = values.data(),
                          .allowed = nullptr,
                          .allowed_stride = 0,
                          .y = y.data()},
                         scratch.data());
    benchmark::ClobberMemory();
  }
  count_operations(state, 4 * length * queries * size);
}
BENCHMARK(AttendNext)->ArgNames({"keys", "queries", "size"})->Args({96, 2, 32})->Args({96, 4, 64})->Args({1000, 4, 128});

}  // namespace

int main(int count, char** arguments) {
  try {
    kernels::use_environments_target();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::AddCustomContext("target", kernels::target());
  benchmark::RunSpecifiedBenchmarks();
}
