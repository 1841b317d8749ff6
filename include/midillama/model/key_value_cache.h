// Keys and values of the tokens seen so far, one preallocated pair of tensors a layer.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace midillama::model {

class KeyValueCache {
 public:
  // Room for `capacity` tokens a row. Tensors are [batch, num_key_value_heads, capacity, head_dim].
  KeyValueCache(std::int64_t layers, std::int64_t batch, std::int64_t num_key_value_heads, std::int64_t capacity, std::int64_t head_dim,
                torch::Device device, torch::ScalarType dtype);

  // Stores keys and values [batch, heads, seq, head_dim] of `layer` behind the `length()` tokens before them; returns views of all keys and
  // values so far.
  std::pair<torch::Tensor, torch::Tensor> append(std::int64_t layer, const torch::Tensor& keys, const torch::Tensor& values);
  // Called once after all layers of a forward pass have appended `tokens`.
  void advance(std::int64_t tokens);

  std::int64_t length() const { return length_; }
  std::int64_t capacity() const;

  // Keeps only these rows (int64 [rows]): finished sequences leave the batch.
  void select_rows(const torch::Tensor& rows);

 private:
  std::int64_t length_ = 0;
  std::vector<torch::Tensor> keys_;
  std::vector<torch::Tensor> values_;
};

}  // namespace midillama::model
