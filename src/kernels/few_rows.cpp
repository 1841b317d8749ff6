#include "midillama/kernels/few_rows.h"

// Read once for each target, before what differs between them.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/few_rows.cpp"
#include <hwy/foreach_target.h>
#include "kernels/int8-inl.h"
// clang-format on

#include <hwy/cache_control.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

// y[row][output] of a tile.
template <int kRows, int kOutputs>
HWY_INLINE void add_results(const FewRows& product, bool adds, std::int64_t row, std::int64_t output,
                            const float (&results)[kRows][kOutputs]) {
  for (std::int64_t r = 0; r < kRows; ++r) {
    float* y = product.y + (row + r) * product.y_stride + output;
    for (std::int64_t o = 0; o < kOutputs; ++o) y[o] = (adds ? y[o] : 0.0F) + product.factor * results[r][o];
  }
}

// At most so many inputs at a time: those of the rows, and what of the weight goes with them, stay in a core's nearest caches.
constexpr std::int64_t kInputBlock = kRegisters == 32 ? 1024 : 768;

// The sums of so many inputs are added up before the next ones': the same for any number of rows, so that a row's results are the same to
// the last bit whichever rows are beside it. As few blocks as there can be, all of one size but the last: a short one would cost as much
// in sums as a long one.
HWY_INLINE std::int64_t block_of(std::int64_t inputs) {
  const std::int64_t blocks = std::max<std::int64_t>(1, hwy::DivCeil(inputs, kInputBlock));
  return hwy::RoundUpTo(hwy::DivCeil(inputs, blocks), kMostLanes);
}

// One row: kOutputs rows of the weight pass by side by side. Those of the next outputs are fetched in the order in which they lie in
// memory.
template <int kOutputs>
HWY_INLINE void products_of_one(const FewRows& product, std::int64_t output) {
  constexpr int kSums = (kOutputs + 3) / 4 * 4;
  const Floats d;
  const std::int64_t inputs = product.inputs, vector = lanes(d), block = block_of(inputs);
  const float* ahead = product.weight + (output + kOutputs) * inputs;
  for (std::int64_t first = 0; first < inputs; first += block) {
    HWY_ALIGN float sums_of[kSums];
    with_zeros<kSums>(d, [&](auto&... sums) MIDILLAMA_LAMBDA {
      const float *weight = product.weight + output * inputs + first, *x = product.x + first;
      std::int64_t rest = std::min(block, inputs - first);
      for (; rest >= kMostLanes; rest -= kMostLanes, weight += kMostLanes, x += kMostLanes) {
        for (int line = 0; line < kOutputs; ++line, ahead += kMostLanes) hwy::Prefetch(ahead);
        for (std::int64_t at = 0; at < kMostLanes; at += vector) {
          const Vector of_x = hn::LoadU(d, x + at);
          for_each<kOutputs>(
              [&](auto i, auto& sum) MIDILLAMA_LAMBDA { sum = hn::MulAdd(of_x, hn::LoadU(d, weight + i * inputs + at), sum); }, sums...);
        }
      }
      for (; rest > 0; rest -= vector, weight += vector, x += vector) {
        const std::int64_t count = std::min(rest, vector);
        const Vector of_x = load_some(x, count);
        for_each<kOutputs>([&](auto i, auto& sum) MIDILLAMA_LAMBDA { sum = hn::MulAdd(of_x, load_some(weight + i * inputs, count), sum); },
                           sums...);
      }
      store_sums(sums_of, sums...);
    });
    float results[1][kOutputs];
    std::copy_n(sums_of, kOutputs, results[0]);
    add_results(product, product.add || first > 0, 0, output, results);
  }
}

// So few outputs at once are enough sums for a processor that waits for memory, and it reads nearly from one end to the other.
HWY_NOINLINE void one_row(const FewRows& product, std::int64_t begin, std::int64_t end) {
  constexpr int kOutputs = 4;
  std::int64_t output = begin;
  for (; output + kOutputs <= end; output += kOutputs) products_of_one<kOutputs>(product, output);
  for (; output < end; ++output) products_of_one<1>(product, output);
}

// Bytes of a weight in 8 bits that are on their way from memory.
constexpr std::int64_t kInt8Ahead = 2048;

// One row with a weight in 8 bits, kInt8Outputs outputs at a time.
HWY_NOINLINE void int8_one_row(const FewRows& product, std::int64_t begin, std::int64_t end) {
  const Floats d;
  const std::int64_t vector = lanes(d), first = int8_place(begin, 0, int8_blocks(product.inputs));
  const std::int8_t* levels = product.int8.levels + first * kInt8Block;
  const std::uint16_t* scales = product.int8.scales + first;
  for (std::int64_t output = begin; output < end; output += kInt8Outputs) {
    HWY_ALIGN float sums_of[kInt8Outputs];
    with_zeros<kInt8Outputs>(d, [&](auto&... sums) MIDILLAMA_LAMBDA {
      const auto add_block = [&](const auto& x_at) MIDILLAMA_LAMBDA {
        hwy::Prefetch(levels + kInt8Ahead), hwy::Prefetch(levels + kInt8Ahead + 64);
        for_each<kInt8Outputs>(
            [&](auto i, auto& sum) MIDILLAMA_LAMBDA {
              const std::int8_t* of_output = levels + i * kInt8Block;
              Vector of_block = hn::Mul(load_levels(of_output), x_at(0));
              for (std::int64_t at = vector; at < kInt8Block; at += vector) {
                of_block = hn::MulAdd(load_levels(of_output + at), x_at(at), of_block);
              }
              sum = hn::MulAdd(of_block, load_scale(scales + i), sum);
            },
            sums...);
        levels += kInt8Outputs * kInt8Block, scales += kInt8Outputs;
      };
      const float* x = product.x;
      std::int64_t rest = product.inputs;
      for (; rest >= kInt8Block; rest -= kInt8Block, x += kInt8Block) {
        add_block([&](std::int64_t at) MIDILLAMA_LAMBDA { return hn::LoadU(d, x + at); });
      }
      if (rest > 0) {
        add_block([&](std::int64_t at) MIDILLAMA_LAMBDA { return load_some(x + at, std::clamp<std::int64_t>(rest - at, 0, vector)); });
      }
      store_sums(sums_of, sums...);
    });
    for (std::int64_t o = 0; o < std::min(kInt8Outputs, end - output); ++o) {
      float& y = product.y[output + o];
      y = (product.add ? y : 0.0F) + product.factor * sums_of[o];
    }
  }
}

// A block of the inputs of some rows, row after row for every kMostLanes of them, zeros after the last: rows that lie a power of two from
// each other would drive each other out of the cache.
struct Packed {
  std::int64_t begin;
  std::int64_t count;
  const float* inputs;
  // The weight's rows from output `first` on, at `begin`.
  const float* weight;
  std::int64_t weight_stride;
  std::int64_t first;
  // Outputs that all rows read before the next ones.
  std::int64_t at_once;
};

void pack(const FewRows& product, Packed& block, float* packed) {
  const Floats d;
  for (std::int64_t row = 0; row < product.rows; ++row) {
    const float* x = product.x + row * product.inputs + block.begin;
    float* to = packed + row * kMostLanes;
    std::int64_t i = 0;
    for (; i + kMostLanes <= block.count; i += kMostLanes, to += product.rows * kMostLanes) {
      for (std::int64_t lane = 0; lane < kMostLanes; lane += lanes(d)) hn::Store(hn::LoadU(d, x + i + lane), d, to + lane);
    }
    if (i == block.count) continue;
    std::fill_n(to, kMostLanes, 0.0F);
    std::copy(x + i, x + block.count, to);
  }
  block.inputs = packed;
}

// The inputs of `count` places, fewer than a vector's or as many, with kOutputs rows of the weight: of rows and outputs the fewer ones are
// kept in registers, the others pass by. x: [kMostLanes] a row; weight: `inputs` apart.
template <int kRows, int kOutputs, class... Sums>
HWY_INLINE void add_place(const float* x, const float* weight, std::int64_t inputs, std::int64_t count, Sums&... sums) {
  constexpr bool kKeepRows = kRows < kOutputs;
  constexpr int kKept = std::min(kRows, kOutputs);
  const Floats d;
  const auto of_x = [&](auto row) MIDILLAMA_LAMBDA { return hn::Load(d, x + row * kMostLanes); };
  const auto of_weight = [&](auto output) MIDILLAMA_LAMBDA { return load_some(weight + output * inputs, count); };
  with_zeros<kKept>(d, [&](auto&... kept) MIDILLAMA_LAMBDA {
    const auto get = [&](auto i) MIDILLAMA_LAMBDA { return pick<i>(kept...); };
    for_each<kKept>(
        [&](auto i, auto& vector) MIDILLAMA_LAMBDA {
          if constexpr (kKeepRows) {
            vector = of_x(i);
          } else {
            vector = of_weight(i);
          }
          keep_in_register(vector);
        },
        kept...);
    const auto loaded_once = [&](const auto& load) MIDILLAMA_LAMBDA {
      return [&](auto i) MIDILLAMA_LAMBDA {
        Vector vector = load(i);
        keep_in_register(vector);
        return vector;
      };
    };
    if constexpr (kKeepRows) {
      add_products<kOutputs, kRows>(loaded_once(of_weight), get, sums...);
    } else {
      add_products<kRows, kOutputs>(loaded_once(of_x), get, sums...);
    }
  });
}

// Rows at a time: with as many outputs as below, their sums and what they are made of fill the registers.
constexpr int kMostRows = kRegisters == 32 ? 8 : 4;

// Of kRows rows from `row` on, with kOutputs rows of the weight from `output` on. What the outputs after the next ones read is fetched into
// the second-level cache, a share by each group of rows: so memory is read all the time.
template <int kRows, int kOutputs>
HWY_INLINE void products(const FewRows& product, const Packed& block, std::int64_t row, std::int64_t output) {
  constexpr int kSums = (kRows * kOutputs + 3) / 4 * 4;
  const Floats d;
  HWY_ALIGN float sums_of[kSums];
  with_zeros<kSums>(d, [&](auto&... sums) MIDILLAMA_LAMBDA {
    const std::int64_t inputs = block.weight_stride, unit = product.rows * kMostLanes, vector = lanes(d);
    const float *weight = block.weight + (output - block.first) * inputs, *x = block.inputs + row * kMostLanes;
    const std::int64_t groups = (product.rows + kMostRows - 1) / kMostRows, group = row / kMostRows;
    const float* ahead = weight + (groups == 1 ? kOutputs : block.at_once) * inputs;
    std::int64_t rest = block.count;
    for (; rest >= kMostLanes; rest -= kMostLanes, weight += kMostLanes, ahead += kMostLanes, x += unit) {
      for (std::int64_t o = group; o < kOutputs; o += groups) __builtin_prefetch(ahead + o * inputs, 0, 2);
      for (std::int64_t at = 0; at < kMostLanes; at += vector) {
        add_place<kRows, kOutputs>(x + at, weight + at, inputs, vector, sums...);
      }
    }
    for (; rest > 0; rest -= vector, weight += vector, x += vector) {
      add_place<kRows, kOutputs>(x, weight, inputs, std::min(rest, vector), sums...);
    }
    store_sums(sums_of, sums...);
  });
  constexpr bool kKeepRows = kRows < kOutputs;
  float results[kRows][kOutputs];
  for (int r = 0; r < kRows; ++r) {
    for (int o = 0; o < kOutputs; ++o) results[r][o] = sums_of[kKeepRows ? o * kRows + r : r * kOutputs + o];
  }
  add_results(product, product.add || block.begin > 0, row, output, results);
}

// Outputs at a time.
template <int kRows>
constexpr int kOutputsOf = std::max(2, 12 / kRows);

template <int kRows>
HWY_NOINLINE void rows_of(const FewRows& product, const Packed& block, std::int64_t row, std::int64_t begin, std::int64_t end) {
  constexpr int kOutputs = kOutputsOf<kRows>;
  std::int64_t output = begin;
  for (; output + kOutputs <= end; output += kOutputs) products<kRows, kOutputs>(product, block, row, output);
  for (; output < end; ++output) products<kRows, 1>(product, block, row, output);
}

// As many rows as there are from `row` on.
template <int kRows = kMostRows>
HWY_INLINE void some_rows(const FewRows& product, const Packed& block, std::int64_t row, std::int64_t begin, std::int64_t end) {
  if constexpr (kRows > 1) {
    if (product.rows - row < kRows) return some_rows<kRows - 1>(product, block, row, begin, end);
  }
  rows_of<kRows>(product, block, row, begin, end);
}

// Of a weight in 8 bits so many inputs of kFewOutputs outputs are in float32 at a time, beside those of the rows in the first-level cache.
constexpr std::int64_t kExpandedInputs = 256;

HWY_INLINE void all_rows(const FewRows& product, const Packed& block, std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = 0; row < product.rows; row += kMostRows) some_rows(product, block, row, begin, end);
}

void int8_rows(const FewRows& product, std::int64_t begin, std::int64_t end) {
  HWY_ALIGN float packed[kFewRows * kExpandedInputs], expanded[kFewOutputs * kExpandedInputs];
  for (std::int64_t first = 0; first < product.inputs; first += kExpandedInputs) {
    Packed block{first, std::min(kExpandedInputs, product.inputs - first), nullptr, expanded, kExpandedInputs, 0, kFewOutputs};
    pack(product, block, packed);
    for (std::int64_t output = begin; output < end; output += kFewOutputs) {
      const std::int64_t outputs = std::min(kFewOutputs, end - output);
      expand(product.int8, int8_blocks(product.inputs), output, outputs, first, block.count, expanded, kExpandedInputs);
      block.first = output;
      all_rows(product, block, output, output + outputs);
    }
  }
}

// How many outputs all rows read before the next ones, so that no group of rows has a remainder of them.
HWY_INLINE std::int64_t outputs_at_once(std::int64_t rows, std::int64_t outputs) {
  if (rows <= kMostRows) return outputs;
  return rows % kMostRows == 0 ? kOutputsOf<kMostRows> : kFewOutputs;
}

void float_rows(const FewRows& product, std::int64_t begin, std::int64_t end) {
  const std::int64_t outputs = outputs_at_once(product.rows, end - begin), size = block_of(product.inputs);
  HWY_ALIGN float packed[kFewRows * kInputBlock];
  for (std::int64_t first = 0; first < product.inputs; first += size) {
    Packed block{first, std::min(size, product.inputs - first), nullptr, product.weight + first, product.inputs, 0, outputs};
    pack(product, block, packed);
    for (std::int64_t output = begin; output < end; output += outputs) all_rows(product, block, output, std::min(output + outputs, end));
  }
}

void few_rows(const FewRows& product, std::int64_t begin, std::int64_t end) {
  const bool one = product.rows == 1, is_int8 = product.int8.levels != nullptr;
  if (is_int8) return one ? int8_one_row(product, begin, end) : int8_rows(product, begin, end);
  return one ? one_row(product, begin, end) : float_rows(product, begin, end);
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace midillama::kernels {

HWY_EXPORT(few_rows);

void few_rows(const FewRows& product, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(few_rows)(product, begin, end);
}

}  // namespace midillama::kernels
#endif
