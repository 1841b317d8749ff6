// Keys and values of the tokens seen so far, one preallocated pair of tensors a layer.
//
// A cache grows: every append() returns what is there by then. After fix_shapes() it is as long as its capacity instead, and a tensor on
// the device counts its tokens: nothing that the host sees changes from one token to the next, so that a step can be captured as a CUDA
// graph.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace midillama::model {

class KeyValueCache {
 public:
  // Room for `capacity` tokens a row. Tensors are [batch, num_key_value_heads, capacity, head_dim].
  KeyValueCache(std::int64_t layers, std::int64_t batch, std::int64_t num_key_value_heads, std::int64_t capacity, std::int64_t head_dim,
                torch::Device device, torch::ScalarType dtype);

  // Rows of several caches, one part after the other, all ending at column `length`: of each part the columns before `end`, as many as
  // there is room for; what lies before them is zero.
  struct Part {
    const KeyValueCache* cache;
    std::int64_t end;
  };
  static std::unique_ptr<KeyValueCache> joined(std::span<const Part> parts, std::int64_t length, std::int64_t capacity);

  // Stores keys and values [batch, heads, seq, head_dim] of `layer` after the tokens before them; returns views of all keys and values so
  // far, or, where shapes are fixed (seq is 1 then), of all there is room for.
  std::pair<torch::Tensor, torch::Tensor> append(std::int64_t layer, const torch::Tensor& keys, const torch::Tensor& values);
  // All of a layer's keys and values, with the room after them, for who writes there what append() would.
  std::pair<torch::Tensor, torch::Tensor> of_layer(std::int64_t layer) const;
  // All that is there in another dtype from now on.
  void convert(torch::ScalarType dtype);
  // Called once after all layers of a forward pass have appended `tokens`.
  void advance(std::int64_t tokens);

  std::int64_t length() const { return length_; }  // as the host knows it: without what came after fix_shapes()
  std::int64_t capacity() const;
  // How many keys append() returns where `tokens` more are given to it.
  std::int64_t keys_with(std::int64_t tokens) const { return has_fixed_shapes() ? capacity() : length_ + tokens; }

  void fix_shapes();
  bool has_fixed_shapes() const { return next_.defined(); }
  // Where shapes are fixed: the place of the token that comes next, [1] int64 …
  const torch::Tensor& next() const { return next_; }
  // … and the keys that it may attend to, bool [batch, 1, 1, capacity], true up to its own.
  torch::Tensor filled() const;

  // Keeps only these rows (int64 [rows]): finished sequences leave the batch.
  void select_rows(const torch::Tensor& rows);

 private:
  std::int64_t length_ = 0;
  std::vector<torch::Tensor> keys_;
  std::vector<torch::Tensor> values_;
  torch::Tensor next_;    // undefined while the cache grows, as what follows
  torch::Tensor places_;  // [capacity] int64: 0, 1, …
};

}  // namespace midillama::model
