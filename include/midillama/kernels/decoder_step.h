// One new token a row through the layers of a Llama decoder: a step of decoding without a tensor library's cost between its products, which
// in a small model is more than theirs. float32; weights may be in 8 bits.
#pragma once

#include "midillama/kernels/int8.h"
#include "midillama/kernels/thread_team.h"

#include <cstdint>
#include <vector>

namespace midillama::kernels {

// factor · B · (A · x), added to the outputs from `column` on.
struct LowRank {
  const float* A;  // [rank, inputs]
  const float* B;  // [outputs, rank]
  std::int64_t rank;
  std::int64_t outputs;
  float factor;
  std::int64_t column;
};

// Linear layers that read the same input, their weights after each other [outputs, inputs], and their adapters.
struct Linears {
  const float* weight;
  Int8Weight int8 = {};  // in its place where its levels are there
  std::int64_t inputs;
  std::int64_t outputs;
  std::vector<LowRank> adapters;
};

// Up to so many rows, products of kFewRows after each other take less time than one by a library that first copies the weight in an order
// of its own.
inline constexpr std::int64_t kSomeRows = 32;
// Of a step of decoding, whose rows' results are the same to the last bit with any number of rows up to this.
inline constexpr std::int64_t kStepRows = 64;

// x [rows, inputs] → y [rows, outputs], on top of what is there where `add`. Of more than kFewRows rows a part of the weight is read by all
// before the next one. The team may be null.
void apply(const Linears& linears, const float* x, std::int64_t rows, float* y, bool add, ThreadTeam* team);

struct DecoderLayer {
  const float* attention_norm;  // [hidden]
  Linears query_key_value;
  Linears attention_output;
  const float* mlp_norm;  // [hidden]
  Linears gate_up;
  Linears down;
  float* keys;  // [rows, key_heads, capacity, head_size]
  float* values;
};

struct DecoderStep {
  std::int64_t rows;
  std::int64_t hidden;
  std::int64_t heads;
  std::int64_t key_heads;
  std::int64_t head_size;  // even
  float epsilon;           // of the norms
  std::vector<DecoderLayer> layers;
  const float* last_norm;  // [hidden]
  const float* cos;        // [rows, head_size / 2]
  const float* sin;
  std::int64_t cached;  // tokens in keys and values; the new one's place is after them
  std::int64_t capacity;
  const bool* allowed;  // [rows, cached + 1], rows `allowed_stride` apart: what may be attended to; null: all
  std::int64_t allowed_stride;
  float* x;  // [rows, hidden]: the embeddings, and afterwards the hidden states after the last norm
};

void run(const DecoderStep& step, ThreadTeam* team);

}  // namespace midillama::kernels
