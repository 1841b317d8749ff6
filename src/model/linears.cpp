#include "linears.h"

#include "dropout.h"
#include "row_passes.h"

#include <ATen/autocast_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

namespace midillama::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The tensors that a pass computes its outputs from. Autograd takes them, and gives their gradients back, as one list.
struct Operands {
  struct Layer {
    Tensor weight;
    Tensor lora_A;  // undefined without adapter, as lora_B
    Tensor lora_B;
  };

  Tensor x;            // [n, size]
  Tensor norm_weight;  // undefined where there is no norm
  std::vector<Layer> layers;
};

// What an adapter left for the backward pass.
struct Kept {
  Tensor hidden;  // [n, rank] lora_A · input
  Tensor mask;    // what dropout left, where there is dropout
};

// What the function is told beside its tensors.
struct Settings : torch::CustomClassHolder {
  struct Layer {
    bool adapted = false;
    double scaling = 0;
    double dropout = 0;
  };

  LinearInput::Kind kind = LinearInput::Kind::plain;
  double epsilon = 0;
  Tensor gradient_rows;                       // LinearInput's
  torch::ScalarType dtype = torch::kFloat32;  // of the products
  KeepsTogether keeps = KeepsTogether::rows;  // of the outputs
  std::vector<Layer> layers;

  // The rows that take a gradient.
  Tensor wanted(const Tensor& rows) const { return gradient_rows.defined() ? rows.index_select(0, gradient_rows) : rows; }
};

// The order of that list: visit(tensor) for each that is there.
template <typename SomeOperands, typename Visit>
void for_operands(const Settings& settings, SomeOperands& operands, const Visit& visit) {
  visit(operands.x);
  if (settings.kind == LinearInput::Kind::rms_normed) visit(operands.norm_weight);
  for (std::size_t i = 0; i < settings.layers.size(); ++i) {
    visit(operands.layers[i].weight);
    if (settings.layers[i].adapted) visit(operands.layers[i].lora_A), visit(operands.layers[i].lora_B);
  }
}

variable_list to_list(const Settings& settings, const Operands& operands) {
  variable_list list;
  for_operands(settings, operands, [&](const Tensor& tensor) { list.push_back(tensor); });
  return list;
}

// Takes the operands from the list, beginning at `next`.
Operands take_operands(const Settings& settings, const variable_list& list, std::size_t& next) {
  Operands operands;
  operands.layers.resize(settings.layers.size());
  for_operands(settings, operands, [&](Tensor& tensor) { tensor = list[next++]; });
  return operands;
}

// A layer's adapter, and how it works in this pass.
struct Adapter {
  std::size_t layer = 0;  // which of them
  Tensor lora_A;
  Tensor lora_B;
  double scaling = 0;
  double dropout = 0;       // 0 outside training
  std::int64_t column = 0;  // where the layer's outputs begin
  Kept kept;

  // What lora_A · input is multiplied by in all.
  double factor() const { return scaling / (1 - dropout); }
  Tensor dropped(const Tensor& input) const { return kept.mask.defined() ? at::where(kept.mask, input, 0.0) : input; }
  Tensor columns(const Tensor& outputs) const { return outputs.narrow(1, column, lora_B.size(0)); }
};

Tensor compute_input(const Settings& settings, const Operands& operands) {
  switch (settings.kind) {
    case LinearInput::Kind::rms_normed:
      return rms_norm(operands.x, operands.norm_weight, settings.epsilon).to(settings.dtype);
    case LinearInput::Kind::swiglu:
      return swiglu(operands.x).to(settings.dtype);
    default:
      return operands.x.to(settings.dtype);
  }
}

std::vector<Adapter> adapters_of(const Settings& settings, const Operands& operands) {
  std::vector<Adapter> adapters;
  std::int64_t column = 0;
  for (std::size_t i = 0; i < operands.layers.size(); ++i) {
    const auto& [adapted, scaling, dropout] = settings.layers[i];
    const auto& [weight, lora_A, lora_B] = operands.layers[i];
    if (adapted) adapters.push_back({i, lora_A, lora_B, scaling, dropout, column, {}});
    column += weight.size(0);
  }
  return adapters;
}

// The weights below each other [sum of out, in]; no copy where they lie so.
Tensor joined_weight(const std::vector<Operands::Layer>& layers) {
  const Tensor& first = layers.front().weight;
  std::int64_t rows = 0;
  bool adjacent = true;
  for (const Operands::Layer& layer : layers) {
    adjacent = adjacent && layer.weight.is_contiguous() && layer.weight.is_alias_of(first) &&
               layer.weight.storage_offset() == first.storage_offset() + rows * first.size(1);
    rows += layer.weight.size(0);
  }
  if (adjacent) return first.as_strided({rows, first.size(1)}, {first.size(1), 1});
  std::vector<Tensor> weights;
  for (const Operands::Layer& layer : layers) weights.push_back(layer.weight);
  return at::cat(weights);
}

// Adapters that share one product: all of them where none drops, else each its own.
std::vector<std::vector<Adapter*>> groups_of(std::vector<Adapter>& adapters) {
  std::vector<std::vector<Adapter*>> groups;
  for (Adapter& adapter : adapters) {
    if (groups.empty() || adapter.dropout > 0 || groups.back().front()->dropout > 0) groups.emplace_back();
    groups.back().push_back(&adapter);
  }
  return groups;
}

Tensor joined_A(const std::vector<Adapter*>& group) {
  if (group.size() == 1) return group.front()->lora_A;
  std::vector<Tensor> parts;
  for (const Adapter* adapter : group) parts.push_back(adapter->lora_A);
  return at::cat(parts);
}

// What belongs to each adapter of the group in a tensor whose dimension `dim` is the sum of ranks.
std::vector<Tensor> parts_of(const Tensor& of_group, const std::vector<Adapter*>& group, std::int64_t dim) {
  std::vector<std::int64_t> ranks;
  for (const Adapter* adapter : group) ranks.push_back(adapter->lora_A.size(0));
  return of_group.split_with_sizes(ranks, dim);
}

// x as adapters take it: in float32; on a GPU as it is, since its matrix units take 16-bit numbers and sum in float32.
Tensor for_adapters(const Tensor& x) {
  return x.is_cuda() ? x : widened(x);
}

void compute_hidden(std::vector<Adapter>& adapters, const Tensor& input) {
  const Tensor wide = for_adapters(input);
  for (const auto& group : groups_of(adapters)) {
    Adapter& first = *group.front();
    if (first.dropout > 0) first.kept.mask = draw_kept(wide, first.dropout);
    const auto hidden = parts_of(product(first.dropped(wide), joined_A(group).to(wide.scalar_type())), group, 1);
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->kept.hidden = hidden[i];
  }
}

Tensor outputs_of(const Tensor& input, const Tensor& weight, const std::vector<Adapter>& adapters, KeepsTogether keeps) {
  const Tensor factor = weight.to(input.scalar_type());
  const Tensor base = keeps == KeepsTogether::columns ? matrix_product(factor, input.t()).t() : product(input, factor);
  if (adapters.empty()) return base;
  const Tensor outputs = for_adapters(base);
  std::vector<LowRankTerm> terms;
  for (const Adapter& adapter : adapters)
    terms.push_back({adapter.kept.hidden, adapter.lora_B.t().to(outputs.scalar_type()), adapter.factor(), adapter.column});
  add_low_rank_(outputs, terms);
  return outputs.to(base.scalar_type());
}

// Without the adapters' part. For gate and up it lies as they do.
Tensor input_gradient(const Settings& settings, const Operands& operands, const Tensor& grad, const Tensor& weight) {
  const bool keeps_columns = settings.kind == LinearInput::Kind::swiglu && operands.x.stride(0) == 1;
  return keeps_columns ? matrix_product(weight.t(), grad.t()).t() : matrix_product(settings.wanted(grad), weight);
}

// Of the adapters; adds theirs to the input's gradient, where there is one.
void add_adapter_gradients(const Settings& settings, std::vector<Adapter>& adapters, const Tensor& grad, const Tensor& input,
                           const Tensor& grad_input, Operands& gradients) {
  if (adapters.empty()) return;
  const Tensor wide = for_adapters(input), wide_grad = for_adapters(grad);
  const auto dtype = wide.scalar_type();
  for (const auto& group : groups_of(adapters)) {
    const Tensor A = joined_A(group).to(dtype), grad_hidden = torch::empty({wide.size(0), A.size(0)}, wide.options());
    const auto parts = parts_of(grad_hidden, group, 1);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Adapter& adapter = *group[i];
      const Tensor columns = adapter.columns(wide_grad);
      gradients.layers[adapter.layer].lora_B =
          matrix_product(adapter.kept.hidden.t(), columns).to(adapter.lora_B.scalar_type()).mul_(adapter.factor()).t();
      add_matrix_product_(parts[i], columns, adapter.lora_B.to(dtype), 0, adapter.factor());
    }
    const Adapter& first = *group.front();
    const auto grad_A = parts_of(matrix_product(grad_hidden.t(), first.dropped(wide)).to(first.lora_A.scalar_type()), group, 0);
    for (std::size_t i = 0; i < group.size(); ++i) gradients.layers[group[i]->layer].lora_A = grad_A[i];
    if (!grad_input.defined()) continue;
    if (grad_input.scalar_type() == A.scalar_type() && !first.kept.mask.defined()) {
      add_low_rank_(grad_input, std::array{LowRankTerm{settings.wanted(grad_hidden), A}});
    } else {
      grad_input.add_(settings.wanted(first.dropped(matrix_product(grad_hidden, A))).to(grad_input.scalar_type()));
    }
  }
}

// Of the weights that take one.
void set_weight_gradients(const Operands& operands, const Tensor& grad, const Tensor& input, Operands& gradients) {
  std::int64_t column = 0;
  for (std::size_t i = 0; i < operands.layers.size(); ++i) {
    const Tensor& weight = operands.layers[i].weight;
    const std::int64_t size = weight.size(0);
    if (weight.requires_grad())
      gradients.layers[i].weight = matrix_product(grad.narrow(1, column, size).t(), input).to(weight.scalar_type());
    column += size;
  }
}

// Of what the input was computed from, from the input's.
void set_source_gradients(const Settings& settings, const Operands& operands, const Tensor& grad, Operands& gradients) {
  const auto& [x, norm_weight, layers] = operands;
  switch (settings.kind) {
    case LinearInput::Kind::rms_normed:
      if (norm_weight.requires_grad()) gradients.norm_weight = rms_norm_weight_gradient(grad, x, norm_weight, settings.epsilon);
      if (!x.requires_grad()) return;
      gradients.x = rms_norm_backward(grad, settings.wanted(x), norm_weight, settings.epsilon);
      if (settings.gradient_rows.defined()) gradients.x = at::zeros_like(x).index_copy_(0, settings.gradient_rows, gradients.x);
      return;
    case LinearInput::Kind::swiglu:
      gradients.x = swiglu_backward(grad, x);
      return;
    default:
      gradients.x = grad;
  }
}

bool takes_gradient(const Tensor& tensor) {
  return tensor.defined() && tensor.requires_grad();
}

struct LinearsFunction : torch::autograd::Function<LinearsFunction> {
  static Tensor forward(AutogradContext* context, at::TensorList list, const c10::intrusive_ptr<Settings>& settings) {
    variable_list saved = list.vec();
    std::size_t next = 0;
    const Operands operands = take_operands(*settings, saved, next);
    const Tensor input = compute_input(*settings, operands);
    std::vector<Adapter> adapters = adapters_of(*settings, operands);
    compute_hidden(adapters, input);
    for (const Adapter& adapter : adapters) saved.insert(saved.end(), {adapter.kept.hidden, adapter.kept.mask});
    context->save_for_backward(saved);
    context->saved_data["settings"] = c10::IValue::make_capsule(settings);
    return outputs_of(input, joined_weight(operands.layers), adapters, settings->keeps);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto settings = c10::static_intrusive_pointer_cast<Settings>(context->saved_data["settings"].toCapsule());
    const variable_list saved = context->get_saved_variables();
    std::size_t next = 0;
    const Operands operands = take_operands(*settings, saved, next);
    std::vector<Adapter> adapters = adapters_of(*settings, operands);
    for (Adapter& adapter : adapters) adapter.kept.hidden = saved[next++], adapter.kept.mask = saved[next++];
    const Tensor& grad = grads[0];

    const bool trains = !adapters.empty() || std::ranges::any_of(operands.layers, takes_gradient, &Operands::Layer::weight);
    const Tensor input = trains ? compute_input(*settings, operands) : Tensor();
    const bool goes_on = takes_gradient(operands.x) || takes_gradient(operands.norm_weight);
    const Tensor weight = joined_weight(operands.layers).to(grad.scalar_type());
    const Tensor grad_input = goes_on ? input_gradient(*settings, operands, grad, weight) : Tensor();
    Operands gradients;
    gradients.layers.resize(operands.layers.size());
    add_adapter_gradients(*settings, adapters, grad, input, grad_input, gradients);
    if (goes_on) set_source_gradients(*settings, operands, grad_input, gradients);
    set_weight_gradients(operands, grad, input, gradients);
    variable_list list = to_list(*settings, gradients);
    list.emplace_back();  // the settings'
    return list;
  }
};

// Without gradients: nothing is kept.
Tensor outputs_only(const Settings& settings, const Operands& operands) {
  const Tensor input = compute_input(settings, operands), weight = joined_weight(operands.layers);
  std::vector<Adapter> adapters = adapters_of(settings, operands);
  if (is_few(input) && std::ranges::all_of(adapters, [](const Adapter& adapter) { return adapter.dropout == 0; })) {
    std::vector<kernels::LowRank> added;
    for (const Adapter& adapter : adapters) added.push_back(low_rank(adapter.lora_A, adapter.lora_B, adapter.factor(), adapter.column));
    return few_rows_product(input, weight, std::move(added));
  }
  compute_hidden(adapters, input);
  return outputs_of(input, weight, adapters, settings.keeps);
}

torch::ScalarType product_dtype(const Tensor& x, const Tensor& weight) {
  const auto device = x.device().type();
  return at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : weight.scalar_type();
}

}  // namespace

Tensor linears(const LinearInput& input, const std::vector<AdaptedWeight>& layers, KeepsTogether keeps) {
  const auto settings = c10::make_intrusive<Settings>();
  settings->kind = input.kind, settings->epsilon = input.epsilon;
  if (!takes_gradient(input.norm_weight)) settings->gradient_rows = input.gradient_rows;  // a norm's weight learns from every row
  settings->dtype = product_dtype(input.x, layers.front().weight);
  Operands operands{input.x.dim() == 2 ? input.x : input.x.flatten(0, -2), input.norm_weight, {}};
  // The library for GPUs refuses a single row whose columns are together; and without gradients a step of decoding is most of the work.
  if (!input.x.is_cpu() && at::GradMode::is_enabled() && operands.x.size(0) > 1) settings->keeps = keeps;
  for (const AdaptedWeight& layer : layers) {
    settings->layers.push_back({layer.lora_A.defined(), layer.scaling, layer.dropout});
    operands.layers.push_back({layer.weight, layer.lora_A, layer.lora_B});
  }
  const Tensor outputs = at::GradMode::is_enabled() ? LinearsFunction::apply(at::TensorList(to_list(*settings, operands)), settings)
                                                    : outputs_only(*settings, operands);
  std::vector<std::int64_t> shape = input.x.sizes().vec();
  shape.back() = outputs.size(1);
  return outputs.view(shape);
}

}  // namespace midillama::model
