#include "midillama/kernels/attention.h"

#include "midillama/kernels/few_rows.h"
#include "midillama/kernels/products.h"

// Read once for each target, before what differs between them.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cpp"
#include <hwy/foreach_target.h>
#include "kernels/lanes-inl.h"
// clang-format on

#include <algorithm>
#include <cmath>

// What no target has a part in.
#ifndef MIDILLAMA_KERNELS_ATTENTION_LAYOUT
#define MIDILLAMA_KERNELS_ATTENTION_LAYOUT
namespace midillama::kernels {

constexpr std::int64_t kBlock = 24;  // query tokens at a time: whole tiles of multiply()

constexpr std::int64_t padded(std::int64_t tokens) {
  return (tokens + kHeadSizeUnit - 1) / kHeadSizeUnit * kHeadSizeUnit;
}

// How far rows of so many scores lie apart: an odd number of cache lines, so that rows do not drive each other out of the first-level
// cache.
constexpr std::int64_t row_of(std::int64_t tokens) {
  return padded(tokens) / kHeadSizeUnit % 2 == 1 ? padded(tokens) : padded(tokens) + kHeadSizeUnit;
}

// The queries from `begin` on, of one head, and how many keys they may see.
struct Block {
  std::int64_t begin;
  std::int64_t rows;
  std::int64_t keys() const { return begin + rows; }
};

}  // namespace midillama::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace midillama::kernels::HWY_NAMESPACE {

HWY_INLINE void transpose_plainly(const float* from, std::int64_t stride, std::int64_t tokens, std::int64_t size, float* to,
                                  std::int64_t row) {
  for (std::int64_t token = 0; token < tokens; ++token) {
    for (std::int64_t i = 0; i < size; ++i) to[i * row + token] = from[token * stride + i];
  }
}

// [tokens] rows `stride` apart → [size] rows row_of(tokens) apart, zero after the tokens.
HWY_NOINLINE void transpose(const float* from, std::int64_t stride, std::int64_t tokens, std::int64_t size, float* to) {
  const std::int64_t row = row_of(tokens);
  std::int64_t token = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::CappedTag<float, 4> four;
  for (; token + 4 <= tokens; token += 4) {
    for (std::int64_t i = 0; i < size; i += 4) {
      const float* x = from + token * stride + i;
      auto a = hn::LoadU(four, x), b = hn::LoadU(four, x + stride), c = hn::LoadU(four, x + 2 * stride),
           d = hn::LoadU(four, x + 3 * stride);
      transpose_four(four, a, b, c, d);
      float* y = to + i * row + token;
      hn::StoreU(a, four, y), hn::StoreU(b, four, y + row), hn::StoreU(c, four, y + 2 * row), hn::StoreU(d, four, y + 3 * row);
    }
  }
#endif
  transpose_plainly(from + token * stride, stride, tokens - token, size, to + token, row);
  for (std::int64_t i = 0; i < size; ++i) std::fill(to + i * row + tokens, to + i * row + padded(tokens), 0.0F);
}

HWY_INLINE void copy_rows(const float* from, std::int64_t from_stride, std::int64_t rows, std::int64_t size, float* to,
                          std::int64_t to_stride) {
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(from + row * from_stride, size, to + row * to_stride);
}

HWY_INLINE float dot(const float* a, const float* b, std::int64_t size) {
  Vector products = hn::Zero(Floats());
  for_lanes(size, [&](const auto& place) MIDILLAMA_LAMBDA { products = hn::MulAdd(place.load(a), place.load(b), products); });
  return sum(products);
}

// A row of scores, not scaled yet, becomes probabilities, the gradient of these the scores'.
HWY_INLINE void softmax_backward(float* scores, float* gradient, std::int64_t count, float log_sum, float along, float scale) {
  const Floats d;
  for_lanes<Tail::padded>(count, [&](const auto& place) MIDILLAMA_LAMBDA {
    const Vector p = exponential(hn::MulSub(place.load(scores), hn::Set(d, scale), hn::Set(d, log_sum)));
    const Vector along_p = hn::Mul(p, hn::Set(d, scale));
    place.store(place.valid(p, 0.0F), scores);
    place.store(place.valid(hn::Mul(along_p, hn::Sub(place.load(gradient), hn::Set(d, along))), 0.0F), gradient);
  });
}

template <typename Task>
HWY_INLINE void for_blocks(const SharedHead& head, const Task& task) {
  for (std::int64_t member = 0; member < head.queries_per_key; ++member) {
    for (std::int64_t begin = 0; begin < head.tokens; begin += kBlock) {
      task(member, Block{begin, std::min(kBlock, head.tokens - begin)});
    }
  }
}

// rows · transposed → scores of a block.
HWY_INLINE void score(const float* rows, std::int64_t stride, const float* transposed, const SharedHead& head, const Block& block,
                      float* scores) {
  const std::int64_t row = row_of(head.tokens);
  kernels::multiply({.a = rows,
                     .a_row = stride,
                     .a_step = 1,
                     .b = transposed,
                     .b_step = row,
                     .c = scores,
                     .c_row = row,
                     .rows = block.rows,
                     .columns = padded(block.keys()),
                     .steps = head.size});
}

void attend(const SharedHead& head, const Attended& result, float* scratch) {
  const std::int64_t row = row_of(head.tokens), size = head.size;
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  float *keys = scratch, *values = keys + size * row, *scores = values + size * head.tokens;
  transpose(head.keys, head.stride, head.tokens, size, keys);
  copy_rows(head.values, head.stride, head.tokens, size, values, size);
  for_blocks(head, [&](std::int64_t member, const Block& block) MIDILLAMA_LAMBDA {
    score(head.queries + block.begin * head.stride + member * size, head.stride, keys, head, block, scores);
    for (std::int64_t i = 0; i < block.rows; ++i) {
      const std::int64_t seen = block.begin + i + 1;
      result.log_sums[member * result.log_stride + block.begin + i] = softmax_of<Tail::padded>(scores + i * row, seen, scale);
      std::fill(scores + i * row + seen, scores + i * row + block.keys(), 0.0F);
    }
    kernels::multiply({.a = scores,
                       .a_row = row,
                       .a_step = 1,
                       .b = values,
                       .b_step = size,
                       .c = result.y + block.begin * result.stride + member * size,
                       .c_row = result.stride,
                       .rows = block.rows,
                       .columns = size,
                       .steps = block.keys()});
  });
}

void attend_backward(const SharedHead& head, const Attended& result, const HeadGradients& gradients, float* scratch) {
  const std::int64_t row = row_of(head.tokens), size = head.size, all = head.tokens * size;
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  float *keys = scratch, *values = keys + size * row, *scores = values + size * row, *dscores = scores + kBlock * row;
  float *plain_keys = dscores + kBlock * row, *dkeys = plain_keys + all, *dvalues = dkeys + all;
  transpose(head.keys, head.stride, head.tokens, size, keys);
  transpose(head.values, head.stride, head.tokens, size, values);
  copy_rows(head.keys, head.stride, head.tokens, size, plain_keys, size);
  std::fill(dkeys, dvalues + all, 0.0F);
  for_blocks(head, [&](std::int64_t member, const Block& block) MIDILLAMA_LAMBDA {
    const std::int64_t in_input = block.begin * head.stride + member * size, in_result = block.begin * result.stride + member * size;
    const float *queries = head.queries + in_input, *y = result.y + in_result, *dy = gradients.dy + in_result;
    score(queries, head.stride, keys, head, block, scores);
    score(dy, result.stride, values, head, block, dscores);
    for (std::int64_t i = 0; i < block.rows; ++i) {
      const std::int64_t seen = block.begin + i + 1;
      float *of_row = scores + i * row, *d_of_row = dscores + i * row;
      const float along = dot(dy + i * result.stride, y + i * result.stride, size);
      softmax_backward(of_row, d_of_row, seen, result.log_sums[member * result.log_stride + block.begin + i], along, scale);
      std::fill(of_row + seen, of_row + block.keys(), 0.0F);
      std::fill(d_of_row + seen, d_of_row + block.keys(), 0.0F);
    }
    kernels::multiply({.a = dscores,
                       .a_row = row,
                       .a_step = 1,
                       .b = plain_keys,
                       .b_step = size,
                       .c = gradients.queries + in_input,
                       .c_row = head.stride,
                       .rows = block.rows,
                       .columns = size,
                       .steps = block.keys()});
    Product of_keys{.a = dscores,
                    .a_row = 1,
                    .a_step = row,
                    .b = queries,
                    .b_step = head.stride,
                    .c = dkeys,
                    .c_row = size,
                    .rows = block.keys(),
                    .columns = size,
                    .steps = block.rows,
                    .add = true};
    kernels::multiply(of_keys);
    of_keys.a = scores, of_keys.b = dy, of_keys.b_step = result.stride, of_keys.c = dvalues;
    kernels::multiply(of_keys);
  });
  copy_rows(dkeys, size, head.tokens, size, gradients.keys, head.stride);
  copy_rows(dvalues, size, head.tokens, size, gradients.values, head.stride);
}

void attend_next(const NextToken& token, float* scores) {
  const std::int64_t row = padded(token.length);
  const float scale = 1.0F / std::sqrt(static_cast<float>(token.size));
  kernels::few_rows({.x = token.queries,
                     .rows = token.queries_per_key,
                     .weight = token.keys,
                     .inputs = token.size,
                     .outputs = token.length,
                     .y = scores,
                     .y_stride = row},
                    0, token.length);
  for (std::int64_t member = 0; member < token.queries_per_key; ++member) {
    float* of_member = scores + member * row;
    for (std::int64_t i = 0; token.allowed != nullptr && i < token.length; ++i) {
      if (!token.allowed[i * token.allowed_stride]) of_member[i] = kMinusInfinity;
    }
    softmax_of<Tail::padded>(of_member, token.length, scale);
  }
  kernels::multiply({.a = scores,
                     .a_row = row,
                     .a_step = 1,
                     .b = token.values,
                     .b_step = token.size,
                     .c = token.y,
                     .c_row = token.size,
                     .rows = token.queries_per_key,
                     .columns = token.size,
                     .steps = token.length});
}

}  // namespace midillama::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace midillama::kernels {

HWY_EXPORT(attend);
HWY_EXPORT(attend_backward);
HWY_EXPORT(attend_next);

std::int64_t attention_scratch(std::int64_t tokens, std::int64_t size) {
  return row_of(tokens) * (2 * size + 2 * kBlock) + 3 * tokens * size;
}

void attend(const SharedHead& head, const Attended& result, float* scratch) {
  HWY_DYNAMIC_DISPATCH(attend)(head, result, scratch);
}

void attend_backward(const SharedHead& head, const Attended& result, const HeadGradients& gradients, float* scratch) {
  HWY_DYNAMIC_DISPATCH(attend_backward)(head, result, gradients, scratch);
}

std::int64_t next_token_scratch(std::int64_t length, std::int64_t queries_per_key) {
  return queries_per_key * padded(length);
}

void attend_next(const NextToken& token, float* scratch) {
  HWY_DYNAMIC_DISPATCH(attend_next)(token, scratch);
}

}  // namespace midillama::kernels
#endif
