// Attention of one text's heads on one thread, float32, read and written where the projections lie: no transposed copies of whole batches
// and no work on what a token may not see beyond its block.
#pragma once

#include <cstdint>

namespace midillama::kernels {

// The size of a head in attend() must be a multiple of this, whatever the registers' size.
inline constexpr std::int64_t kHeadSizeUnit = 16;

// The query heads that share one key head, in one text, causal. Tokens lie `stride` apart, a token's query heads `size` apart.
struct SharedHead {
  std::int64_t tokens;
  std::int64_t queries_per_key;
  std::int64_t size;
  const float* queries;
  const float* keys;
  const float* values;
  std::int64_t stride;
};

// The heads' part of the output and what the backward pass needs of it.
struct Attended {
  float* y;  // as the queries, tokens `stride` apart
  std::int64_t stride;
  float* log_sums;  // of the softmaxes: tokens beside each other, heads `log_stride` apart
  std::int64_t log_stride;
};

// Floats of scratch memory that a text of so many tokens takes.
std::int64_t attention_scratch(std::int64_t tokens, std::int64_t size);

void attend(const SharedHead& head, const Attended& result, float* scratch);

// dy lies as result.y; the gradients as queries, keys and values, in tokens `head.stride` apart.
struct HeadGradients {
  const float* dy;
  float* queries;
  float* keys;
  float* values;
};
void attend_backward(const SharedHead& head, const Attended& result, const HeadGradients& gradients, float* scratch);

// One new token's query heads that share one key head, [queries, size], and the keys and values [keys, size] that it attends to, of any
// size, each a whole block of memory.
struct NextToken {
  std::int64_t queries_per_key;  // at most kFewRows
  std::int64_t size;
  std::int64_t length;  // keys
  const float* queries;
  const float* keys;
  const float* values;
  const bool* allowed;  // of each key; null: all of them
  std::int64_t allowed_stride;
  float* y;  // [queries, size]
};

// Floats of scratch memory that attend_next() takes.
std::int64_t next_token_scratch(std::int64_t length, std::int64_t queries_per_key);

void attend_next(const NextToken& token, float* scratch);

}  // namespace midillama::kernels
