#include "midillama/model/next_token_loss.h"

#include "midillama/shapes/pieces.h"
#include "row_passes.h"

#include <torch/csrc/autograd/custom_function.h>

namespace midillama::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The gradient is taken while a slice's logits are there, so the backward pass only scales it.
struct NextTokenLoss : torch::autograd::Function<NextTokenLoss> {
  static variable_list forward(AutogradContext* context, const torch::Tensor& hidden_states, const torch::Tensor& weight,
                               const torch::Tensor& targets, bool with_gradient, std::int64_t slice_elements) {
    const bool for_hidden = with_gradient && hidden_states.requires_grad();
    const bool for_weight = with_gradient && weight.requires_grad();
    torch::Tensor hidden_gradient = for_hidden ? torch::empty_like(hidden_states) : torch::Tensor();
    torch::Tensor weight_gradient = for_weight ? torch::zeros_like(weight) : torch::Tensor();
    torch::Tensor per_token = torch::empty(targets.sizes(), hidden_states.options().dtype(torch::kFloat32));
    const std::int64_t slice = std::max<std::int64_t>(1, slice_elements / weight.size(0));
    for (std::int64_t begin = 0; begin < targets.size(0); begin += slice) {
      const std::int64_t count = std::min(slice, targets.size(0) - begin);
      const torch::Tensor rows = hidden_states.narrow(0, begin, count);
      const torch::Tensor logits = product(rows, weight).to(torch::kFloat32);
      per_token.narrow(0, begin, count).copy_(cross_entropy_(logits, targets.narrow(0, begin, count)));
      if (!for_hidden && !for_weight) continue;
      const torch::Tensor gradient = logits.to(weight.scalar_type());
      if (for_hidden) add_matrix_product_(hidden_gradient.narrow(0, begin, count), gradient, weight, 0);
      if (for_weight) add_matrix_product_(weight_gradient, gradient.t(), rows);
    }
    context->save_for_backward({hidden_gradient, weight_gradient});
    context->mark_non_differentiable({per_token});
    return {per_token.sum(), per_token};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto scaled = [&](const torch::Tensor& gradient) {
      return gradient.defined() ? gradient * gradients[0].to(gradient.scalar_type()) : gradient;
    };
    return {scaled(saved[0]), scaled(saved[1]), {}, {}, {}};
  }
};

}  // namespace

TokenLosses next_token_loss(const torch::Tensor& hidden_states, const torch::Tensor& output_weight, const torch::Tensor& targets,
                            std::optional<std::int64_t> slice_elements) {
  const std::int64_t elements = slice_elements.value_or(shapes::logits_at_once(!hidden_states.is_cpu()));
  const variable_list results = NextTokenLoss::apply(hidden_states, output_weight, targets, at::GradMode::is_enabled(), elements);
  return {results[0], results[1].detach()};
}

}  // namespace midillama::model
