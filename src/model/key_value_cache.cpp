#include "midillama/model/key_value_cache.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

namespace midillama::model {

KeyValueCache::KeyValueCache(std::int64_t layers, std::int64_t batch, std::int64_t num_key_value_heads, std::int64_t capacity,
                             std::int64_t head_dim, torch::Device device, torch::ScalarType dtype) {
  const auto options = torch::TensorOptions().device(device).dtype(dtype);
  for (std::int64_t layer = 0; layer < layers; ++layer) {
    keys_.push_back(torch::empty({batch, num_key_value_heads, capacity, head_dim}, options));
    values_.push_back(torch::empty({batch, num_key_value_heads, capacity, head_dim}, options));
  }
}

std::unique_ptr<KeyValueCache> KeyValueCache::joined(std::span<const Part> parts, std::int64_t length, std::int64_t capacity) {
  const auto join = [&](std::vector<torch::Tensor> KeyValueCache::*tensors, std::size_t layer) {
    std::int64_t rows = 0;
    for (const Part& part : parts) rows += (part.cache->*tensors)[layer].size(0);
    const torch::Tensor& first = (parts[0].cache->*tensors)[layer];
    const torch::Tensor all = torch::empty({rows, first.size(1), capacity, first.size(3)}, first.options());
    rows = 0;
    for (const Part& part : parts) {
      const torch::Tensor& source = (part.cache->*tensors)[layer];
      const torch::Tensor target = all.narrow(0, rows, source.size(0));
      const std::int64_t columns = std::min(length, part.end);
      target.narrow(2, 0, length - columns).zero_();
      target.narrow(2, length - columns, columns).copy_(source.narrow(2, part.end - columns, columns));
      rows += source.size(0);
    }
    return all;
  };
  auto cache = std::make_unique<KeyValueCache>(0, 0, 0, 0, 0, torch::kCPU, torch::kFloat32);
  for (std::size_t layer = 0; layer < parts[0].cache->keys_.size(); ++layer) {
    cache->keys_.push_back(join(&KeyValueCache::keys_, layer));
    cache->values_.push_back(join(&KeyValueCache::values_, layer));
  }
  cache->length_ = length;
  return cache;
}

std::pair<torch::Tensor, torch::Tensor> KeyValueCache::append(std::int64_t layer, const torch::Tensor& keys, const torch::Tensor& values) {
  const auto index = static_cast<std::size_t>(layer);
  const std::int64_t tokens = keys.size(2);
  if (has_fixed_shapes()) {
    if (tokens != 1) throw Error(fmt::format("the key-value cache has fixed shapes: it takes one token a row, not {}", tokens));
    return {keys_[index].index_copy_(2, next_, keys), values_[index].index_copy_(2, next_, values)};
  }
  if (length_ + tokens > capacity())
    throw Error(fmt::format("the key-value cache has room for {} tokens, {} are needed", capacity(), length_ + tokens));
  keys_[index].narrow(2, length_, tokens).copy_(keys);
  values_[index].narrow(2, length_, tokens).copy_(values);
  return {keys_[index].narrow(2, 0, length_ + tokens), values_[index].narrow(2, 0, length_ + tokens)};
}

std::pair<torch::Tensor, torch::Tensor> KeyValueCache::of_layer(std::int64_t layer) const {
  return {keys_.at(static_cast<std::size_t>(layer)), values_.at(static_cast<std::size_t>(layer))};
}

void KeyValueCache::convert(torch::ScalarType dtype) {
  for (torch::Tensor& keys : keys_) keys = keys.to(dtype);
  for (torch::Tensor& values : values_) values = values.to(dtype);
}

void KeyValueCache::advance(std::int64_t tokens) {
  if (has_fixed_shapes()) {
    next_ += tokens;
  } else {
    length_ += tokens;
  }
}

std::int64_t KeyValueCache::capacity() const {
  return keys_.empty() ? 0 : keys_.front().size(2);
}

void KeyValueCache::fix_shapes() {
  // Masked keys and values are read all the same, and what memory held before may be no number.
  for (torch::Tensor& keys : keys_) keys.narrow(2, length_, capacity() - length_).zero_();
  for (torch::Tensor& values : values_) values.narrow(2, length_, capacity() - length_).zero_();
  const auto options = torch::TensorOptions().dtype(torch::kInt64).device(keys_.front().device());
  next_ = at::full({1}, length_, options);
  places_ = at::arange(capacity(), options);
}

torch::Tensor KeyValueCache::filled() const {
  return (places_ <= next_).expand({keys_.front().size(0), 1, 1, capacity()});
}

void KeyValueCache::select_rows(const torch::Tensor& rows) {
  for (torch::Tensor& keys : keys_) keys = keys.index_select(0, rows);
  for (torch::Tensor& values : values_) values = values.index_select(0, rows);
}

}  // namespace midillama::model
