#include "train/gradients.h"

#include "midillama/core/error.h"
#include "midillama/model/to_device.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace midillama::train {
namespace {

constexpr std::int64_t kBucketNumbers = 1 << 20;  // 4 MiB

struct CallWhenAccumulated final : torch::autograd::PostAccumulateGradHook {
  explicit CallWhenAccumulated(std::function<void()> call) : call(std::move(call)) {}
  void operator()(const torch::autograd::Variable&) override { call(); }
  std::function<void()> call;
};

}  // namespace

Gradients::Gradients(NamedTensors parameters, parallel::ProcessGroup& group, bool deterministic)
    : parameters_(std::move(parameters)), group_(group), deterministic_(deterministic) {
  std::int64_t count = 0;
  for (const auto& [name, parameter] : parameters_) {
    if (parameter.scalar_type() != torch::kFloat32) throw Error(name + ": only float32 parameters train");
    count += parameter.numel();
  }
  all_ = torch::zeros({count}, parameters_.at(0).second.options().requires_grad(false));
  lay_out();
}

Gradients::~Gradients() {
  for (const auto& [name, parameter] : parameters_) torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
}

// From the last parameter to the first, about the order in which the backward pass comes to them.
void Gradients::lay_out() {
  std::int64_t begin = 0, end = 0;
  const auto close_bucket = [&] {
    Bucket& bucket = buckets_.back();
    bucket.gradients = all_.narrow(0, begin, end - begin);
    if (deterministic_) {
      bucket.gathered = torch::empty({group_.size() * (end - begin)}, all_.options());
      bucket.sum = torch::zeros_like(bucket.gradients);
    }
    begin = end;
  };
  for (std::size_t i = parameters_.size(); i-- > 0;) {
    const torch::Tensor& parameter = parameters_[i].second;
    if (begin == end) buckets_.emplace_back();
    ++buckets_.back().parameters;
    parameter.mutable_grad() = all_.narrow(0, end, parameter.numel()).view(parameter.sizes());
    torch::autograd::impl::set_post_acc_grad_hooks(
        parameter, std::make_unique<CallWhenAccumulated>([this, bucket = buckets_.size() - 1] { gradient_came(bucket); }));
    end += parameter.numel();
    if (end - begin >= kBucketNumbers || i == 0) close_bucket();
  }
  order_.resize(buckets_.size());
  std::iota(order_.begin(), order_.end(), 0);
}

void Gradients::begin(std::size_t micro_batches) {
  all_.zero_();
  open_ = micro_batches;
  await_gradients();
}

void Gradients::close_micro_batch() {
  --open_;
  if (awaiting_) reduce();
  await_gradients();
}

void Gradients::await_gradients() {
  awaiting_ = deterministic_ ? open_ > 0 : open_ == 1;
  filled_.clear();
  started_ = 0;
  for (Bucket& bucket : buckets_) bucket.missing = bucket.parameters;
}

void Gradients::gradient_came(std::size_t number) {
  if (!awaiting_ || --buckets_[number].missing > 0) return;
  filled_.push_back(number);
  while (started_ < order_.size() && buckets_[order_[started_]].missing == 0) start_next();
}

void Gradients::start_next() {
  Bucket& bucket = buckets_[order_[started_++]];
  bucket.pending =
      deterministic_ ? group_.start_all_gather(bucket.gradients, bucket.gathered) : group_.start_all_reduce_sum(bucket.gradients);
}

void Gradients::reduce() {
  while (started_ < order_.size()) start_next();  // those that had no gradient, and those after them
  for (const std::size_t number : order_) buckets_[number].pending->wait();
  if (!order_is_learnt_) learn_order();
  if (!deterministic_) return;
  for (Bucket& bucket : buckets_) {
    for (const torch::Tensor& gradients : bucket.gathered.chunk(group_.size())) bucket.sum += gradients;
    if (open_ > 0) {
      bucket.gradients.zero_();
    } else {
      bucket.gradients.copy_(bucket.sum);
      bucket.sum.zero_();
    }
  }
}

// All ranks take the order in which the main rank's first backward pass filled the buckets.
void Gradients::learn_order() {
  std::vector<std::int64_t> order(filled_.begin(), filled_.end());
  for (const std::size_t number : order_) {
    if (std::ranges::find(filled_, number) == filled_.end()) order.push_back(static_cast<std::int64_t>(number));
  }
  const auto tensor = model::to_device(order, all_.device());
  group_.broadcast(tensor, 0);
  const auto learnt = tensor.cpu();
  std::copy_n(learnt.const_data_ptr<std::int64_t>(), order_.size(), order_.begin());
  order_is_learnt_ = true;
}

double Gradients::clip(double max_norm) {
  const double norm = all_.norm().item<double>();
  if (max_norm > 0) all_ *= std::min(1.0, max_norm / (norm + 1e-6));
  return norm;
}

}  // namespace midillama::train
