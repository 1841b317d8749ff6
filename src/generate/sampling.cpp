#include "generate/sampling.h"

namespace midillama::generate {

torch::Tensor greedy(const torch::Tensor& logits) {
  return logits.argmax(-1);
}

torch::Tensor sample(const torch::Tensor& logits, double temperature, double top_p, const torch::Tensor& uniforms) {
  return sample(logits, at::full_like(uniforms, temperature), at::full_like(uniforms, top_p), uniforms);
}

torch::Tensor sample(const torch::Tensor& logits, const torch::Tensor& temperatures, const torch::Tensor& top_ps,
                     const torch::Tensor& uniforms) {
  const auto scores = logits.to(torch::kFloat64);
  // From the largest down, so that no temperature makes them overflow.
  const auto probabilities = ((scores - scores.amax(-1, /*keepdim=*/true)) / temperatures.unsqueeze(-1)).softmax(-1);
  const auto [sorted, ids] = probabilities.sort(/*stable=*/true, /*dim=*/-1, /*descending=*/true);
  // A token is in the nucleus where those before it do not reach top_p; the first always is.
  const auto cumulative = sorted.cumsum(-1);
  const auto kept = ((cumulative - sorted) < top_ps.unsqueeze(-1)).sum(-1, /*keepdim=*/true).clamp_min(1);
  const auto mass = cumulative.gather(-1, kept - 1);
  const auto drawn = at::searchsorted(cumulative, uniforms.unsqueeze(-1) * mass, /*out_int32=*/false, /*right=*/true);
  return ids.gather(-1, drawn.minimum(kept - 1)).squeeze(-1);
}

}  // namespace midillama::generate
