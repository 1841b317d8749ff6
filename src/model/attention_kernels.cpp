#include "attention_kernels.h"

#include "lanes.h"
#include "row_kernels.h"
#include "tile_product.h"

#include <algorithm>
#include <cmath>

namespace midillama::model::kernels {
namespace {

constexpr std::int64_t kBlock = 32;  // query tokens at a time
static_assert(kHeadSizeUnit == kLanes);

constexpr std::int64_t padded(std::int64_t tokens) {
  return (tokens + kLanes - 1) / kLanes * kLanes;
}

// [tokens] rows `stride` apart → [size][padded(tokens)] times `scale`, zero behind the tokens.
MIDILLAMA_INLINE void transpose(const float* from, std::int64_t stride, std::int64_t tokens, std::int64_t size, float scale, float* to) {
  const std::int64_t row = padded(tokens);
  for (std::int64_t token = 0; token < tokens; ++token) {
    for (std::int64_t i = 0; i < size; ++i) to[i * row + token] = from[token * stride + i] * scale;
  }
  for (std::int64_t i = 0; i < size; ++i) std::fill(to + i * row + tokens, to + (i + 1) * row, 0.0F);
}

MIDILLAMA_INLINE void copy_rows(const float* from, std::int64_t from_stride, std::int64_t rows, std::int64_t size, float* to,
                                std::int64_t to_stride) {
  for (std::int64_t row = 0; row < rows; ++row) std::copy_n(from + row * from_stride, size, to + row * to_stride);
}

MIDILLAMA_INLINE float dot(const float* a, const float* b, std::int64_t size) {
  Lanes products{};
  for (std::int64_t i = 0; i < size; i += kLanes) {
    Lanes x, y;
    load(a + i, x), load(b + i, y);
    products += x * y;
  }
  return sum(products);
}

// A row of scores becomes probabilities, the gradient of these the scores'.
MIDILLAMA_INLINE void softmax_backward(float* scores, float* gradient, std::int64_t count, float log_sum, float along, float scale) {
  for (std::int64_t i = 0; i < count; i += kLanes) {
    Lanes s, d, p;
    load(scores + i, s), load(gradient + i, d);
    exponential(s - log_sum, p);
    store(p, scores + i);
    store(p * (d - along) * scale, gradient + i);
  }
}

// The queries from `begin` on, of one head, and how many keys they may see.
struct Block {
  std::int64_t begin;
  std::int64_t rows;
  std::int64_t keys() const { return begin + rows; }
};

template <typename Task>
MIDILLAMA_INLINE void for_blocks(const SharedHead& head, const Task& task) {
  for (std::int64_t member = 0; member < head.queries_per_key; ++member) {
    for (std::int64_t begin = 0; begin < head.tokens; begin += kBlock) {
      task(member, Block{begin, std::min(kBlock, head.tokens - begin)});
    }
  }
}

// rows · transposed → scores of a block.
MIDILLAMA_INLINE void score(const float* rows, std::int64_t stride, const float* transposed, const SharedHead& head, const Block& block,
                            float* scores) {
  const std::int64_t row = padded(head.tokens);
  multiply({.a = rows,
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

}  // namespace

std::int64_t attention_scratch(std::int64_t tokens, std::int64_t size) {
  return padded(tokens) * (2 * size + 2 * kBlock) + 3 * tokens * size;
}

MIDILLAMA_CLONES void attend(const SharedHead& head, const Attended& result, float* scratch) {
  const std::int64_t row = padded(head.tokens), size = head.size;
  float *keys = scratch, *values = keys + size * row, *scores = values + size * head.tokens;
  transpose(head.keys, head.stride, head.tokens, size, 1.0F / std::sqrt(static_cast<float>(size)), keys);
  copy_rows(head.values, head.stride, head.tokens, size, values, size);
  for_blocks(
      head, [&](std::int64_t member, const Block& block) __attribute__((always_inline)) {
        score(head.queries + block.begin * head.stride + member * size, head.stride, keys, head, block, scores);
        for (std::int64_t i = 0; i < block.rows; ++i) {
          const std::int64_t seen = block.begin + i + 1;
          result.log_sums[member * result.log_stride + block.begin + i] = softmax(scores + i * row, seen);
          std::fill(scores + i * row + seen, scores + i * row + block.keys(), 0.0F);
        }
        multiply({.a = scores,
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

MIDILLAMA_CLONES void attend_backward(const SharedHead& head, const Attended& result, const HeadGradients& gradients, float* scratch) {
  const std::int64_t row = padded(head.tokens), size = head.size, all = head.tokens * size;
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  float *keys = scratch, *values = keys + size * row, *scores = values + size * row, *dscores = scores + kBlock * row;
  float *plain_keys = dscores + kBlock * row, *dkeys = plain_keys + all, *dvalues = dkeys + all;
  transpose(head.keys, head.stride, head.tokens, size, scale, keys);
  transpose(head.values, head.stride, head.tokens, size, 1.0F, values);
  copy_rows(head.keys, head.stride, head.tokens, size, plain_keys, size);
  std::fill(dkeys, dvalues + all, 0.0F);
  for_blocks(
      head, [&](std::int64_t member, const Block& block) __attribute__((always_inline)) {
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
        multiply({.a = dscores,
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
        multiply(of_keys);
        of_keys.a = scores, of_keys.b = dy, of_keys.b_step = result.stride, of_keys.c = dvalues;
        multiply(of_keys);
      });
  copy_rows(dkeys, size, head.tokens, size, gradients.keys, head.stride);
  copy_rows(dvalues, size, head.tokens, size, gradients.values, head.stride);
}

}  // namespace midillama::model::kernels
