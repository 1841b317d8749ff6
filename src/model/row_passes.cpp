#include "row_passes.h"

#include "cpu_tasks.h"
#include "midillama/kernels/attention.h"
#include "midillama/kernels/decoder_step.h"
#include "midillama/kernels/few_rows.h"
#include "midillama/kernels/products.h"
#include "midillama/kernels/rows.h"

#include <ATen/core/dispatch/Dispatcher.h>

namespace midillama::model {
namespace {

// oneDNN's product, which LibTorch has for its compiler. Its kernels are chosen by what a processor can do; those of MKL, which at::addmm
// takes, by who made it: on others than Intel's it is half as fast with AVX-512 and five sixths as fast with AVX2
// (bench/RESULTS.md, "Products of matrices").
class OneDnnProduct {
 public:
  // Nothing where LibTorch was built without it.
  static const OneDnnProduct* get() {
    static const auto found = c10::Dispatcher::singleton().findOp({"mkldnn::_linear_pointwise", ""});
    static const auto product = found ? std::optional(OneDnnProduct(*found)) : std::nullopt;
    return product ? &*product : nullptr;
  }

  // a · b. Where a part of b's rows or columns lies between others there is no fast kernel, so it is copied: as much as packing it.
  torch::Tensor of(const torch::Tensor& a, const torch::Tensor& b) const {
    const torch::Tensor dense = b.is_contiguous() ? b.t() : b.t().contiguous();
    return linear_.call(a, dense, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
  }

 private:
  using Linear = torch::Tensor(const torch::Tensor&, const torch::Tensor&, const std::optional<torch::Tensor>&, std::string_view,
                               c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

  explicit OneDnnProduct(const c10::OperatorHandle& found) : linear_(found.typed<Linear>()) {}

  c10::TypedOperatorHandle<Linear> linear_;
};

bool is_intels_processor() {
#ifdef __x86_64__
  return __builtin_cpu_is("intel") != 0;
#else
  return false;
#endif
}

// A call of it costs some tens of microseconds before it begins, and packs an operand; short sides give it nothing to do.
bool suits_one_dnn(const torch::Tensor& a, const torch::Tensor& b) {
  constexpr std::int64_t kLeastSide = 16, kLeastProducts = 1 << 19;
  static const bool is_intels = is_intels_processor();
  const std::int64_t rows = a.size(0), steps = a.size(1), columns = b.size(1);
  return !is_intels && a.is_cpu() && a.scalar_type() == torch::kFloat32 && std::min({rows, steps, columns}) >= kLeastSide &&
         rows * steps * columns >= kLeastProducts && OneDnnProduct::get() != nullptr;
}

torch::Tensor inverse_rms(const torch::Tensor& x, double epsilon) {
  return x.square().mean(-1, true).add_(epsilon).rsqrt_();
}

// ATen's kernel for GPUs, which rounds once, after the weight.
bool has_fused_norm(const torch::Tensor& x, const torch::Tensor& weight) {
  return x.is_cuda() && x.scalar_type() == weight.scalar_type();
}

}  // namespace

torch::Tensor widened(const torch::Tensor& x) {
  return x.to(c10::promoteTypes(x.scalar_type(), torch::kFloat32));
}

torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  if (has_fused_norm(x, weight)) return std::get<0>(at::_fused_rms_norm(x, weight.sizes(), weight, epsilon));
  if (at::GradMode::is_enabled() || !all_plain({x, weight})) {
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
  if (has_fused_norm(x, weight)) {
    const torch::Tensor scale = std::get<1>(at::_fused_rms_norm(x, weight.sizes(), weight, epsilon));
    return std::get<0>(at::_fused_rms_norm_backward(grad.to(x.scalar_type()), x, weight.sizes(), scale, weight, {true, false}));
  }
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
  if (!all_plain({grad, x, weight})) {
    const torch::Tensor wide = widened(x);
    return (grad * (wide * inverse_rms(wide, epsilon))).sum_to_size(weight.sizes()).to(weight.scalar_type());
  }
  constexpr std::int64_t kBlock = 64;  // of rows: the same sums whoever takes which
  const std::int64_t size = x.size(-1), rows = x.numel() / size, blocks = (rows + kBlock - 1) / kBlock;
  const torch::Tensor sums = torch::zeros({blocks, size}, x.options().requires_grad(false));
  const float *dy = grad.const_data_ptr<float>(), *from = x.const_data_ptr<float>();
  float* to = sums.mutable_data_ptr<float>();
  over_rows(blocks, kBlock * size, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t block = begin; block < begin + count; ++block) {
      const std::int64_t first = block * kBlock, offset = first * size;
      kernels::add_rms_norm_weight_gradient(dy + offset, from + offset, static_cast<float>(epsilon), std::min(kBlock, rows - first), size,
                                            to + block * size);
    }
  });
  return sums.sum(0);
}

torch::Tensor swiglu(const torch::Tensor& gate_up) {
  const std::int64_t rows = gate_up.size(0), size = gate_up.size(1) / 2;
  if (!is_plain(gate_up)) return at::silu(gate_up.narrow(1, 0, size)).mul_(gate_up.narrow(1, size, size));
  const torch::Tensor y = torch::empty({rows, size}, gate_up.options());
  const float* from = gate_up.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  over_rows(rows, size,
            [&](std::int64_t begin, std::int64_t count) { kernels::swiglu(from + begin * 2 * size, count, size, to + begin * size); });
  return y;
}

torch::Tensor swiglu_backward(const torch::Tensor& grad, const torch::Tensor& gate_up) {
  const std::int64_t rows = gate_up.size(0), size = gate_up.size(1) / 2;
  const torch::Tensor gradient = torch::empty_like(gate_up);
  if (!all_plain({grad, gate_up})) {
    const torch::Tensor gate = gate_up.narrow(1, 0, size), up = gate_up.narrow(1, size, size);
    torch::Tensor gate_gradient = gradient.narrow(1, 0, size), up_gradient = gradient.narrow(1, size, size);
    at::silu_backward_out(gate_gradient, at::mul_out(gate_gradient, grad, up), gate);
    at::silu_out(up_gradient, gate).mul_(grad);
    return gradient;
  }
  const float *dy = grad.const_data_ptr<float>(), *from = gate_up.const_data_ptr<float>();
  float* to = gradient.mutable_data_ptr<float>();
  over_rows(rows, 2 * size, [&](std::int64_t begin, std::int64_t count) {
    kernels::swiglu_backward(dy + begin * size, from + begin * 2 * size, count, size, to + begin * 2 * size);
  });
  return gradient;
}

torch::Tensor turn(const torch::Tensor& heads, std::int64_t count, const torch::Tensor& cos, const torch::Tensor& sin, bool inverse) {
  if (!all_plain({heads, cos, sin})) {
    const torch::Tensor y = torch::empty_like(heads, at::MemoryFormat::Contiguous), directed = inverse ? sin.neg() : sin;
    const std::vector<torch::Tensor> from = heads.narrow(2, 0, count).chunk(2, -1);
    std::vector<torch::Tensor> to = y.narrow(2, 0, count).chunk(2, -1);
    at::mul_out(to[0], from[0], cos).sub_(from[1] * directed);
    at::mul_out(to[1], from[1], cos).add_(from[0] * directed);
    y.narrow(2, count, heads.size(2) - count).copy_(heads.narrow(2, count, heads.size(2) - count));
    return y;
  }
  const std::int64_t tokens = heads.size(0) * heads.size(1), half = heads.size(3) / 2, table_tokens = cos.size(0) * heads.size(1);
  const std::int64_t width = heads.size(2) * heads.size(3), turned = count * heads.size(3);
  const torch::Tensor y = torch::empty_like(heads);
  const float *from = heads.const_data_ptr<float>(), *c = cos.const_data_ptr<float>(), *s = sin.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  over_rows(tokens, width, [&](std::int64_t begin, std::int64_t rows) {
    for (std::int64_t token = begin; token < begin + rows; ++token) {
      const std::int64_t angles = token % table_tokens * half;
      const float* row = from + token * width;
      kernels::rotate(row, count, half, c + angles, s + angles, inverse ? -1.0F : 1.0F, to + token * width);
      std::copy(row + turned, row + width, to + token * width + turned);
    }
  });
  return y;
}

kernels::LowRank low_rank(const torch::Tensor& A, const torch::Tensor& B, double factor, std::int64_t column) {
  return {.A = A.const_data_ptr<float>(),
          .B = B.const_data_ptr<float>(),
          .rank = A.size(0),
          .outputs = B.size(0),
          .factor = static_cast<float>(factor),
          .column = column};
}

bool is_few(const torch::Tensor& x, std::int64_t few) {
  return !at::GradMode::is_enabled() && x.size(0) > 0 && x.size(0) <= few && all_plain({x});
}

torch::Tensor product(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t few) {
  if (is_few(x, few) && is_plain(weight)) return few_rows_product(x, weight, {});
  return at::GradMode::is_enabled() || TeamScope::team() == nullptr ? at::linear(x, weight) : matrix_product(x, weight.t());
}

torch::Tensor matrix_product(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor out = torch::empty({a.size(0), b.size(1)}, a.options());
  add_matrix_product_(out, a, b, 0);
  return out;
}

void add_one_dnn_product_(const torch::Tensor& out, const torch::Tensor& a, const torch::Tensor& b, double kept, double factor) {
  const torch::Tensor product = OneDnnProduct::get()->of(a, b);
  if (factor != 1) product.mul_(factor);
  if (kept == 0) {
    out.copy_(product);
  } else {
    if (kept != 1) out.mul_(kept);
    out.add_(product);
  }
}

void add_matrix_product_(const torch::Tensor& out, const torch::Tensor& a, const torch::Tensor& b, double kept, double factor) {
  const auto add = [kept, factor](torch::Tensor part, const torch::Tensor& left, const torch::Tensor& right) {
    at::internal::lazy_init_num_threads();                  // a helper's thread knows nothing of how many threads LibTorch may use
    const at::AutoDispatchBelowADInplaceOrView no_records;  // nor of the caller's modes
    if (suits_one_dnn(left, right)) {
      add_one_dnn_product_(part, left, right, kept, factor);
    } else {
      at::addmm_out(part, part, left, right, kept, factor);
    }
  };
  kernels::ThreadTeam* team = TeamScope::team();
  if (team == nullptr || !out.is_cpu()) return add(out, a, b);
  // Along the longer side where that can be. The library packs the other operand for every part: one a thread.
  constexpr std::int64_t kLeastProducts = 1 << 18, kTile = 4;
  const bool is_cut_apart = suits_one_dnn(a, b) && b.is_contiguous();  // in columns, which would be copied
  const int side = out.size(0) >= out.size(1) || is_cut_apart ? 0 : 1;
  const std::int64_t least = kLeastProducts / std::max<std::int64_t>(1, a.size(1) * out.size(1 - side));
  const kernels::Cut cut{.least = std::max(least, kTile), .unit = kTile, .per_thread = 1};
  kernels::share_range(team, out.size(side), cut, [&](std::int64_t begin, std::int64_t count) {
    add(out.narrow(side, begin, count), side == 0 ? a.narrow(0, begin, count) : a, side == 0 ? b : b.narrow(1, begin, count));
  });
}

torch::Tensor few_rows_product(const torch::Tensor& x, const torch::Tensor& weight, std::vector<kernels::LowRank> adapters) {
  const torch::Tensor y = torch::empty({x.size(0), weight.size(0)}, x.options());
  const kernels::Linears linears{
      .weight = weight.const_data_ptr<float>(), .inputs = weight.size(1), .outputs = weight.size(0), .adapters = std::move(adapters)};
  kernels::apply(linears, x.const_data_ptr<float>(), x.size(0), y.mutable_data_ptr<float>(), false, TeamScope::team());
  return y;
}

void add_low_rank_(const torch::Tensor& y, std::span<const LowRankTerm> terms) {
  const auto fits = [](const LowRankTerm& term) {
    return term.left.is_cpu() && term.left.scalar_type() == torch::kFloat32 && term.left.stride(1) == 1;
  };
  if (!is_plain(y) || !std::ranges::all_of(terms, fits)) {
    for (const LowRankTerm& term : terms)
      add_matrix_product_(y.narrow(1, term.column, term.right.size(1)), term.left, term.right, 1, term.factor);
    return;
  }
  std::vector<torch::Tensor> rights;
  std::vector<kernels::Product> added;
  for (const LowRankTerm& term : terms) {
    rights.push_back(term.right.contiguous());
    added.push_back({.a = term.left.const_data_ptr<float>(),
                     .a_row = term.left.stride(0),
                     .a_step = 1,
                     .b = rights.back().const_data_ptr<float>(),
                     .b_step = term.right.size(1),
                     .c = y.mutable_data_ptr<float>() + term.column,
                     .c_row = y.size(1),
                     .rows = y.size(0),
                     .columns = term.right.size(1),
                     .steps = term.left.size(1),
                     .add = true,
                     .factor = static_cast<float>(term.factor)});
  }
  over_rows(y.size(0), y.size(1), [&](std::int64_t begin, std::int64_t rows) {
    for (kernels::Product share : added) {
      share.a += begin * share.a_row, share.c += begin * share.c_row, share.rows = rows;
      kernels::multiply(share);
    }
  });
}

bool can_attend_next(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values) {
  const auto rows_are_whole = [](const torch::Tensor& x) { return x.stride(3) == 1 && x.stride(2) == x.size(3); };
  return queries.size(2) == 1 && queries.is_cpu() && queries.scalar_type() == torch::kFloat32 && !at::GradMode::is_enabled() &&
         queries.size(1) / keys.size(1) <= kernels::kFewRows && queries.stride(3) == 1 && queries.stride(1) == queries.size(3) &&
         rows_are_whole(keys) && rows_are_whole(values);
}

torch::Tensor attend_next(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& mask) {
  const std::int64_t batch = queries.size(0), heads = queries.size(1), size = queries.size(3), key_heads = keys.size(1),
                     length = keys.size(2), group = heads / key_heads;
  const torch::Tensor y = torch::empty({batch, 1, heads * size}, queries.options());
  const torch::Tensor scratch = torch::empty({batch, key_heads, kernels::next_token_scratch(length, group)}, queries.options());
  const float *q = queries.const_data_ptr<float>(), *k = keys.const_data_ptr<float>(), *v = values.const_data_ptr<float>();
  const bool* allowed = mask.defined() ? mask.const_data_ptr<bool>() : nullptr;
  float *to = y.mutable_data_ptr<float>(), *scratches = scratch.mutable_data_ptr<float>();
  over_rows(batch * key_heads, 2 * group * length * size, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t i = begin; i < begin + count; ++i) {
      const std::int64_t row = i / key_heads, head = i % key_heads;
      kernels::attend_next({.queries_per_key = group,
                            .size = size,
                            .length = length,
                            .queries = q + row * queries.stride(0) + head * group * size,
                            .keys = k + row * keys.stride(0) + head * keys.stride(1),
                            .values = v + row * values.stride(0) + head * values.stride(1),
                            .allowed = allowed == nullptr ? nullptr : allowed + row * mask.stride(0),
                            .allowed_stride = allowed == nullptr ? 0 : mask.stride(3),
                            .y = to + i * group * size},
                           scratches + i * scratch.size(2));
    }
  });
  return y;
}

torch::Tensor cross_entropy_(const torch::Tensor& logits, const torch::Tensor& targets) {
  const torch::Tensor wanted = targets.unsqueeze(1);
  const torch::Tensor target_logits = logits.gather(1, wanted).squeeze(1);
  if (!all_plain({logits})) {
    const torch::Tensor sums = logits.logsumexp(1);
    logits.sub_(sums.unsqueeze(1)).exp_().scatter_add_(1, wanted, torch::full_like(wanted, -1, logits.options()));
    return sums - target_logits;
  }
  const torch::Tensor sums = torch::empty_like(target_logits);
  const std::int64_t size = logits.size(1);
  const auto* ids = targets.const_data_ptr<std::int64_t>();
  float *rows = logits.mutable_data_ptr<float>(), *of_rows = sums.mutable_data_ptr<float>();
  over_rows(logits.size(0), size, [&](std::int64_t begin, std::int64_t count) {
    for (std::int64_t row = begin; row < begin + count; ++row) {
      of_rows[row] = kernels::softmax(rows + row * size, size);
      rows[row * size + ids[row]] -= 1.0F;
    }
  });
  return sums - target_logits;
}

}  // namespace midillama::model
