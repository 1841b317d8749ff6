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

constexpr std::int64_t kBlock = 24;                // query tokens whose scores are computed at a time: whole tiles of multiply()
constexpr std::int64_t kBlockOfKeys = 2 * kBlock;  // query tokens that add to the gradients of keys and values at a time

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

// As many query tokens at a time, of each query head.
template <std::int64_t kSize, typename Task>
HWY_INLINE void for_blocks(const SharedHead& head, const Task& task) {
  for (std::int64_t member = 0; member < head.queries_per_key; ++member) {
    for (std::int64_t begin = 0; begin < head.tokens; begin += kSize) task(member, Block{begin, std::min(kSize, head.tokens - begin)});
  }
}

// Rows of a matrix cut into panels of so many columns, each a block of memory: at its own distance from each other, a power of two, they
// would drive each other out of the first-level cache.
constexpr std::int64_t kPanel = 32;

void copy_to_panels(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t size, float* panels) {
  for (std::int64_t column = 0; column < size; column += kPanel) {
    const std::int64_t width = std::min(kPanel, size - column);
    copy_rows(from + column, stride, rows, width, panels + column * rows, width);
  }
}

// The product with such panels of `panel_rows`, from row `first` on, for b.
void multiply_by_panels(Product product, const float* panels, std::int64_t panel_rows, std::int64_t first) {
  const std::int64_t size = product.columns;
  for (std::int64_t column = 0; column < size; column += kPanel, product.c += kPanel) {
    product.columns = product.b_step = std::min(kPanel, size - column);
    product.b = panels + column * panel_rows + first * product.b_step;
    kernels::multiply(product);
  }
}

// rows · transposed → scores of a block.
void score(const float* rows, std::int64_t stride, const float* transposed, const SharedHead& head, const Block& block, float* scores) {
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

// scores · values → y of a block, or alike.
void multiply_by_scores(const float* scores, const float* panels, const SharedHead& head, const Block& block, float* y,
                        std::int64_t y_row) {
  multiply_by_panels({.a = scores,
                      .a_row = row_of(head.tokens),
                      .a_step = 1,
                      .b = nullptr,
                      .b_step = 0,
                      .c = y,
                      .c_row = y_row,
                      .rows = block.rows,
                      .columns = head.size,
                      .steps = block.keys()},
                     panels, head.tokens, 0);
}

void attend(const SharedHead& head, const Attended& result, float* scratch) {
  const std::int64_t row = row_of(head.tokens), size = head.size;
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  float *keys = scratch, *values = keys + size * row, *scores = values + size * head.tokens;
  transpose(head.keys, head.stride, head.tokens, size, keys);
  copy_to_panels(head.values, head.stride, head.tokens, size, values);
  for_blocks<kBlock>(head, [&](std::int64_t member, const Block& block) MIDILLAMA_LAMBDA {
    score(head.queries + block.begin * head.stride + member * size, head.stride, keys, head, block, scores);
    for (std::int64_t i = 0; i < block.rows; ++i) {
      const std::int64_t seen = block.begin + i + 1;
      result.log_sums[member * result.log_stride + block.begin + i] = softmax_of<Tail::padded>(scores + i * row, seen, scale);
      std::fill(scores + i * row + seen, scores + i * row + block.keys(), 0.0F);
    }
    multiply_by_scores(scores, values, head, block, result.y + block.begin * result.stride + member * size, result.stride);
  });
}

// What the backward pass of one text's heads computes with.
struct Backward {
  const SharedHead& head;
  const Attended& result;
  const HeadGradients& gradients;
  float* keys;  // transposed, as the values
  float* values;
  float* scores;  // [kBlockOfKeys] rows of probabilities, and their gradients
  float* dscores;
  float* key_panels;
  float* query_panels;  // [kBlockOfKeys] rows, as those of dy
  float* dy_panels;
  float* dkeys;  // [tokens, size]
  float* dvalues;

  std::int64_t in_input(std::int64_t member, const Block& block) const { return block.begin * head.stride + member * head.size; }
  std::int64_t in_result(std::int64_t member, const Block& block) const { return block.begin * result.stride + member * head.size; }
};

// The probabilities of a block, their gradients, and the queries'.
HWY_NOINLINE void backward_of_queries(const Backward& pass, std::int64_t member, const Block& block, float* scores, float* dscores) {
  const SharedHead& head = pass.head;
  const Attended& result = pass.result;
  const HeadGradients& gradients = pass.gradients;
  const std::int64_t row = row_of(head.tokens);
  const float scale = 1.0F / std::sqrt(static_cast<float>(head.size));
  const std::int64_t in_input = pass.in_input(member, block), in_result = pass.in_result(member, block);
  const float *y = result.y + in_result, *dy = gradients.dy + in_result;
  score(head.queries + in_input, head.stride, pass.keys, head, block, scores);
  score(dy, result.stride, pass.values, head, block, dscores);
  for (std::int64_t i = 0; i < block.rows; ++i) {
    const std::int64_t seen = block.begin + i + 1;
    float *of_row = scores + i * row, *d_of_row = dscores + i * row;
    const float along = dot(dy + i * result.stride, y + i * result.stride, head.size);
    softmax_backward(of_row, d_of_row, seen, result.log_sums[member * result.log_stride + block.begin + i], along, scale);
    std::fill(of_row + seen, of_row + block.keys(), 0.0F);
    std::fill(d_of_row + seen, d_of_row + block.keys(), 0.0F);
  }
  multiply_by_scores(dscores, pass.key_panels, head, block, gradients.queries + in_input, head.stride);
}

// Adds the part of a block of queries to the gradients of some keys, or with probabilities and dy to those of values: of the block the rows
// from `first` on, the keys from `begin` to `end`.
HWY_INLINE void add_to_keys(const Backward& pass, const Block& block, const float* scores, const float* panels, std::int64_t first,
                            std::int64_t begin, std::int64_t end, float* gradient) {
  const std::int64_t row = row_of(pass.head.tokens), size = pass.head.size;
  multiply_by_panels({.a = scores + first * row + begin,
                      .a_row = 1,
                      .a_step = row,
                      .b = nullptr,
                      .b_step = 0,
                      .c = gradient + begin * size,
                      .c_row = size,
                      .rows = end - begin,
                      .columns = size,
                      .steps = block.rows - first,
                      .add = true},
                     panels, block.rows, first);
}

HWY_NOINLINE void backward_of_keys(const Backward& pass, std::int64_t member, const Block& block) {
  copy_to_panels(pass.head.queries + pass.in_input(member, block), pass.head.stride, block.rows, pass.head.size, pass.query_panels);
  copy_to_panels(pass.gradients.dy + pass.in_result(member, block), pass.result.stride, block.rows, pass.head.size, pass.dy_panels);
  const auto add = [&](std::int64_t first, std::int64_t begin, std::int64_t end) MIDILLAMA_LAMBDA {
    add_to_keys(pass, block, pass.dscores, pass.query_panels, first, begin, end, pass.dkeys);
    add_to_keys(pass, block, pass.scores, pass.dy_panels, first, begin, end, pass.dvalues);
  };
  if (block.begin > 0) add(0, 0, block.begin);
  for (std::int64_t first = 0; first < block.rows; first += kBlock) {
    add(first, block.begin + first, block.begin + std::min(first + kBlock, block.rows));
  }
}

void attend_backward(const SharedHead& head, const Attended& result, const HeadGradients& gradients, float* scratch) {
  const std::int64_t row = row_of(head.tokens), size = head.size, all = head.tokens * size;
  const auto take = [&scratch](std::int64_t count) {
    float* taken = scratch;
    scratch += count;
    return taken;
  };
  const Backward pass{.head = head,
                      .result = result,
                      .gradients = gradients,
                      .keys = take(size * row),
                      .values = take(size * row),
                      .scores = take(kBlockOfKeys * row),
                      .dscores = take(kBlockOfKeys * row),
                      .key_panels = take(all),
                      .query_panels = take(kBlockOfKeys * size),
                      .dy_panels = take(kBlockOfKeys * size),
                      .dkeys = take(all),
                      .dvalues = take(all)};
  transpose(head.keys, head.stride, head.tokens, size, pass.keys);
  transpose(head.values, head.stride, head.tokens, size, pass.values);
  copy_to_panels(head.keys, head.stride, head.tokens, size, pass.key_panels);
  std::fill(pass.dkeys, pass.dvalues + all, 0.0F);
  for_blocks<kBlockOfKeys>(head, [&](std::int64_t member, const Block& block) MIDILLAMA_LAMBDA {
    for (std::int64_t first = 0; first < block.rows; first += kBlock) {
      backward_of_queries(pass, member, {block.begin + first, std::min(kBlock, block.rows - first)}, pass.scores + first * row,
                          pass.dscores + first * row);
    }
    backward_of_keys(pass, member, block);
  });
  copy_rows(pass.dkeys, size, head.tokens, size, gradients.keys, head.stride);
  copy_rows(pass.dvalues, size, head.tokens, size, gradients.values, head.stride);
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
  return (row_of(tokens) + kBlockOfKeys) * 2 * size + row_of(tokens) * 2 * kBlockOfKeys + 3 * tokens * size;
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
