#include "row_passes.h"

#include "row_kernels.h"

#include <ATen/Parallel.h>

#include <initializer_list>

namespace midillama::model {
namespace {

constexpr std::int64_t kElementsPerTask = 16384;

bool all_plain(std::initializer_list<torch::Tensor> tensors) {
  return std::ranges::all_of(tensors, [](const torch::Tensor& tensor) {
    return tensor.is_cpu() && tensor.scalar_type() == torch::kFloat32 && tensor.is_contiguous();
  });
}

// task(first, count) for shares of `rows` rows of `size` elements.
template <typename Task>
void over_rows(std::int64_t rows, std::int64_t size, const Task& task) {
  at::parallel_for(0, rows, std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(1, size)),
                   [&](std::int64_t begin, std::int64_t end) { task(begin, end - begin); });
}

torch::Tensor widened(const torch::Tensor& x) {
  return x.to(c10::promoteTypes(x.scalar_type(), torch::kFloat32));
}

torch::Tensor inverse_rms(const torch::Tensor& x, double epsilon) {
  return x.square().mean(-1, true).add_(epsilon).rsqrt_();
}

}  // namespace

torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  if (!all_plain({x, weight})) {
    const torch::Tensor wide = widened(x);
    return (wide * inverse_rms(wide, epsilon)).to(x.scalar_type()) * weight;
  }
  const torch::Tensor y = torch::empty_like(x);
  const std::int64_t size = x.size(-1);
  const float* from = x.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  over_rows(x.numel() / size, size, [&, scale = weight.const_data_ptr<float>()](std::int64_t begin, std::int64_t count) {
    kernels::rms_norm(from + begin * size, scale, static_cast<float>(epsilon), count, size, to + begin * size);
  });
  return y;
}

torch::Tensor rms_norm_backward(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  if (!all_plain({grad, x, weight})) {
    const torch::Tensor wide = widened(x);
    const torch::Tensor scale = inverse_rms(wide, epsilon);
    const torch::Tensor scaled = widened(grad) * weight;
    return ((scaled - wide * ((scaled * wide).mean(-1, true) * scale.square())) * scale).to(x.scalar_type());
  }
  const torch::Tensor dx = torch::empty_like(x);
  const std::int64_t size = x.size(-1);
  const float *dy = grad.const_data_ptr<float>(), *from = x.const_data_ptr<float>(), *scale = weight.const_data_ptr<float>();
  float* to = dx.mutable_data_ptr<float>();
  over_rows(x.numel() / size, size, [&](std::int64_t begin, std::int64_t count) {
    const std::int64_t offset = begin * size;
    kernels::rms_norm_backward(dy + offset, from + offset, scale, static_cast<float>(epsilon), count, size, to + offset);
  });
  return dx;
}

torch::Tensor rms_norm_weight_gradient(const torch::Tensor& grad, const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  const torch::Tensor wide = widened(x);
  return (grad * (wide * inverse_rms(wide, epsilon))).sum_to_size(weight.sizes()).to(weight.scalar_type());
}

torch::Tensor swiglu(const torch::Tensor& gate, const torch::Tensor& up) {
  if (!all_plain({gate, up})) return at::silu(gate).mul_(up);
  const torch::Tensor y = torch::empty_like(gate);
  const float *g = gate.const_data_ptr<float>(), *u = up.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  over_rows(gate.numel(), 1, [&](std::int64_t begin, std::int64_t count) { kernels::swiglu(g + begin, u + begin, count, to + begin); });
  return y;
}

SwigluGradients swiglu_backward(const torch::Tensor& grad, const torch::Tensor& gate, const torch::Tensor& up) {
  if (!all_plain({grad, gate, up})) return {at::silu_backward(grad * up, gate), at::silu(gate).mul_(grad)};
  const SwigluGradients gradients{torch::empty_like(gate), torch::empty_like(up)};
  const float *d = grad.const_data_ptr<float>(), *g = gate.const_data_ptr<float>(), *u = up.const_data_ptr<float>();
  float *dg = gradients.gate.mutable_data_ptr<float>(), *du = gradients.up.mutable_data_ptr<float>();
  over_rows(gate.numel(), 1, [&](std::int64_t begin, std::int64_t count) {
    kernels::swiglu_backward(d + begin, g + begin, u + begin, count, dg + begin, du + begin);
  });
  return gradients;
}

torch::Tensor turn(const torch::Tensor& x, const torch::Tensor& cos, const torch::Tensor& sin, bool inverse) {
  const bool plain = x.is_cpu() && x.scalar_type() == torch::kFloat32 && x.stride(-1) == 1 && all_plain({cos, sin});
  if (!plain) {
    const std::vector<torch::Tensor> halves = x.chunk(2, -1);
    const torch::Tensor turned = inverse ? sin.neg() : sin;
    return at::cat({halves[0] * cos - halves[1] * turned, halves[1] * cos + halves[0] * turned}, -1);
  }
  const std::int64_t batch = x.size(0), tokens = x.size(1), heads = x.size(2), half = x.size(3) / 2;
  const torch::Tensor y = torch::empty(x.sizes(), x.options());
  const float *from = x.const_data_ptr<float>(), *c = cos.const_data_ptr<float>(), *s = sin.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  const std::int64_t table_tokens = cos.size(0) * tokens;
  over_rows(batch * tokens, 2 * heads * half, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t token = begin; token < begin + count; ++token) {
      const float* first_head = from + token / tokens * x.stride(0) + token % tokens * x.stride(1);
      const std::int64_t angles = token % table_tokens * half;
      kernels::rotate(first_head, x.stride(2), heads, half, c + angles, s + angles, inverse ? -1.0F : 1.0F, to + token * 2 * heads * half);
    }
  });
  return y;
}

torch::Tensor product(const torch::Tensor& x, const torch::Tensor& weight) {
  if (x.size(0) == 0 || x.size(0) > kernels::kFewRows || !all_plain({x, weight})) return at::linear(x, weight);
  const std::int64_t rows = x.size(0), inputs = x.size(1), outputs = weight.size(0);
  const torch::Tensor y = torch::empty({rows, outputs}, x.options());
  const float *from = x.const_data_ptr<float>(), *w = weight.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  over_rows(outputs, inputs, [&](std::int64_t begin, std::int64_t count) {
    kernels::few_rows(from, rows, w, inputs, outputs, begin, begin + count, to);
  });
  return y;
}

}  // namespace midillama::model
