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

// A layer's adapter, and how it works in this pass.
struct Adapter {
  Tensor lora_A;
  Tensor lora_B;
  double scaling = 0;
  double dropout = 0;       // 0 outside training
  std::int64_t column = 0;  // where the layer's outputs begin
  Tensor kept;              // what dropout left, where there is dropout
  Tensor hidden;            // [n, rank] lora_A · input
  Tensor grad_A, grad_B;

  // What lora_A · input is multiplied by in all.
  double factor() const { return scaling / (1 - dropout); }
  Tensor dropped(const Tensor& input) const { return kept.defined() ? at::where(kept, input, 0.0) : input; }
  Tensor columns(const Tensor& outputs) const { return outputs.narrow(1, column, lora_B.size(0)); }
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
  Tensor trained;                             // LinearInput's
  torch::ScalarType dtype = torch::kFloat32;  // of the products
  std::vector<Layer> layers;

  // The rows whose gradient is wanted.
  Tensor wanted(const Tensor& rows) const { return trained.defined() ? rows.index_select(0, trained) : rows; }
  std::size_t sources() const { return kind == LinearInput::Kind::rms_normed ? 2 : 1; }
};

Tensor compute_input(const Settings& settings, at::TensorList sources) {
  switch (settings.kind) {
    case LinearInput::Kind::rms_normed:
      return rms_norm(sources[0], sources[1], settings.epsilon).to(settings.dtype);
    case LinearInput::Kind::swiglu:
      return swiglu(sources[0]).to(settings.dtype);
    default:
      return sources[0].to(settings.dtype);
  }
}

// The function's tensors: the input's sources, the layers' weights, and of those with an adapter lora_A and lora_B.
at::TensorList sources_of(at::TensorList tensors, const Settings& settings) {
  return tensors.slice(0, settings.sources());
}

at::TensorList weights_of(at::TensorList tensors, const Settings& settings) {
  return tensors.slice(settings.sources(), settings.layers.size());
}

std::vector<Adapter> adapters_of(at::TensorList tensors, const Settings& settings) {
  std::vector<Adapter> adapters;
  const at::TensorList weights = weights_of(tensors, settings);
  std::size_t next = settings.sources() + weights.size();
  std::int64_t column = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Settings::Layer& layer = settings.layers[i];
    if (layer.adapted) {
      Adapter& adapter = adapters.emplace_back();
      adapter.lora_A = tensors[next++], adapter.lora_B = tensors[next++];
      adapter.scaling = layer.scaling, adapter.dropout = layer.dropout, adapter.column = column;
    }
    column += weights[i].size(0);
  }
  return adapters;
}

// The weights below each other [sum of out, in]; no copy where they lie so.
Tensor joined(at::TensorList weights) {
  const Tensor& first = weights[0];
  std::int64_t rows = 0;
  bool adjacent = true;
  for (const Tensor& weight : weights) {
    adjacent = adjacent && weight.is_contiguous() && weight.is_alias_of(first) &&
               weight.storage_offset() == first.storage_offset() + rows * first.size(1);
    rows += weight.size(0);
  }
  return adjacent ? first.as_strided({rows, first.size(1)}, {first.size(1), 1}) : at::cat(weights);
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

void compute_hidden(std::vector<Adapter>& adapters, const Tensor& input) {
  const Tensor wide = widened(input);
  for (const auto& group : groups_of(adapters)) {
    Adapter& first = *group.front();
    if (first.dropout > 0) first.kept = draw_kept(wide, first.dropout);
    const auto hidden = parts_of(product(first.dropped(wide), joined_A(group)), group, 1);
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->hidden = hidden[i];
  }
}

Tensor outputs_of(const Tensor& input, const Tensor& weight, const std::vector<Adapter>& adapters) {
  const Tensor base = product(input, weight.to(input.scalar_type()));
  if (adapters.empty()) return base;
  const Tensor outputs = widened(base);
  std::vector<LowRankTerm> terms;
  for (const Adapter& adapter : adapters) terms.push_back({adapter.hidden, adapter.lora_B.t(), adapter.factor(), adapter.column});
  add_low_rank_(outputs, terms);
  return outputs.to(base.scalar_type());
}

// Of the adapters; adds theirs to the input's gradient, where there is one.
void add_adapter_gradients(const Settings& settings, std::vector<Adapter>& adapters, const Tensor& grad, const Tensor& input,
                           const Tensor& grad_input) {
  if (adapters.empty()) return;
  const Tensor wide = widened(input), wide_grad = widened(grad);
  for (const auto& group : groups_of(adapters)) {
    const Tensor A = joined_A(group), grad_hidden = torch::empty({wide.size(0), A.size(0)}, wide.options());
    const auto parts = parts_of(grad_hidden, group, 1);
    for (std::size_t i = 0; i < group.size(); ++i) {
      Adapter& adapter = *group[i];
      const Tensor columns = adapter.columns(wide_grad);
      adapter.grad_B = adapter.hidden.t().mm(columns).mul_(adapter.factor()).t();
      parts[i].addmm_(columns, adapter.lora_B, 0.0, adapter.factor());
    }
    const Adapter& first = *group.front();
    const auto grad_A = parts_of(grad_hidden.t().mm(first.dropped(wide)), group, 0);
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->grad_A = grad_A[i];
    if (!grad_input.defined()) continue;
    if (grad_input.scalar_type() == A.scalar_type() && !first.kept.defined()) {
      add_low_rank_(grad_input, std::array{LowRankTerm{settings.wanted(grad_hidden), A}});
    } else {
      grad_input.add_(settings.wanted(first.dropped(grad_hidden.mm(A))).to(grad_input.scalar_type()));
    }
  }
}

// Of the weights that train.
variable_list weight_gradients(at::TensorList weights, const Tensor& grad, const Tensor& input) {
  variable_list gradients(weights.size());
  std::int64_t column = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::int64_t size = weights[i].size(0);
    if (weights[i].requires_grad()) gradients[i] = grad.narrow(1, column, size).t().mm(input).to(weights[i].scalar_type());
    column += size;
  }
  return gradients;
}

// Gradients of the sources from that of the input.
variable_list source_gradients(const Settings& settings, at::TensorList sources, const Tensor& grad) {
  switch (settings.kind) {
    case LinearInput::Kind::rms_normed: {
      const Tensor &x = sources[0], &weight = sources[1];
      Tensor grad_x = x.requires_grad() ? rms_norm_backward(grad, settings.wanted(x), weight, settings.epsilon) : Tensor();
      if (grad_x.defined() && settings.trained.defined()) grad_x = at::zeros_like(x).index_copy_(0, settings.trained, grad_x);
      return {grad_x, weight.requires_grad() ? rms_norm_weight_gradient(grad, x, weight, settings.epsilon) : Tensor()};
    }
    case LinearInput::Kind::swiglu:
      return {swiglu_backward(grad, sources[0])};
    default:
      return {grad};
  }
}

bool any_requires_grad(at::TensorList tensors) {
  return std::ranges::any_of(tensors, [](const Tensor& tensor) { return tensor.requires_grad(); });
}

struct LinearsFunction : torch::autograd::Function<LinearsFunction> {
  static Tensor forward(AutogradContext* context, at::TensorList tensors, const c10::intrusive_ptr<Settings>& settings) {
    const Tensor input = compute_input(*settings, tensors);
    std::vector<Adapter> adapters = adapters_of(tensors, *settings);
    compute_hidden(adapters, input);
    variable_list kept = tensors.vec();
    for (const Adapter& adapter : adapters) kept.insert(kept.end(), {adapter.hidden, adapter.kept});
    context->save_for_backward(kept);
    context->saved_data["settings"] = c10::IValue::make_capsule(settings);
    return outputs_of(input, joined(weights_of(tensors, *settings)), adapters);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto settings = c10::static_intrusive_pointer_cast<Settings>(context->saved_data["settings"].toCapsule());
    const variable_list saved = context->get_saved_variables();
    std::vector<Adapter> adapters = adapters_of(saved, *settings);
    std::size_t next = saved.size() - 2 * adapters.size();
    for (Adapter& adapter : adapters) adapter.hidden = saved[next++], adapter.kept = saved[next++];
    const at::TensorList sources = sources_of(saved, *settings), weights = weights_of(saved, *settings);
    const Tensor& grad = grads[0];

    const bool trains = !adapters.empty() || any_requires_grad(weights);
    const Tensor input = trains ? compute_input(*settings, sources) : Tensor();
    const Tensor grad_input = any_requires_grad(sources) ? settings->wanted(grad).mm(joined(weights).to(grad.scalar_type())) : Tensor();
    add_adapter_gradients(*settings, adapters, grad, input, grad_input);
    variable_list gradients = grad_input.defined() ? source_gradients(*settings, sources, grad_input) : variable_list(sources.size());
    for (Tensor& gradient : weight_gradients(weights, grad, input)) gradients.push_back(std::move(gradient));
    for (const Adapter& adapter : adapters) gradients.insert(gradients.end(), {adapter.grad_A, adapter.grad_B});
    gradients.emplace_back();  // the settings'
    return gradients;
  }
};

// Without gradients: nothing is kept.
Tensor outputs_only(at::TensorList tensors, const Settings& settings) {
  const Tensor input = compute_input(settings, tensors), weight = joined(weights_of(tensors, settings));
  std::vector<Adapter> adapters = adapters_of(tensors, settings);
  if (is_few(input) && std::ranges::all_of(adapters, [](const Adapter& adapter) { return adapter.dropout == 0; })) {
    std::vector<LowRankAdapter> low_rank;
    for (const Adapter& adapter : adapters) low_rank.push_back({adapter.lora_A, adapter.lora_B, adapter.factor(), adapter.column});
    return few_rows_product(input, weight, low_rank);
  }
  compute_hidden(adapters, input);
  return outputs_of(input, weight, adapters);
}

}  // namespace

Tensor linears(const LinearInput& input, std::initializer_list<const LoraLinearImpl*> layers) {
  const Tensor& x = input.sources[0];
  variable_list tensors;
  for (const Tensor& source : input.sources) tensors.push_back(source.dim() > 1 ? source.flatten(0, -2) : source);
  const auto settings = c10::make_intrusive<Settings>();
  settings->kind = input.kind, settings->epsilon = input.epsilon;
  if (!any_requires_grad(at::TensorList(tensors).slice(1))) settings->trained = input.trained;  // a norm's weight learns from every row
  const auto device = x.device().type();
  settings->dtype =
      at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : (*layers.begin())->weight.scalar_type();
  for (const LoraLinearImpl* layer : layers) {
    tensors.push_back(layer->weight);
    settings->layers.push_back({layer->has_adapter(), layer->scaling, layer->is_training() ? layer->dropout : 0.0});
  }
  for (const LoraLinearImpl* layer : layers) {
    if (layer->has_adapter()) tensors.insert(tensors.end(), {layer->lora_A, layer->lora_B});
  }
  const Tensor outputs =
      at::GradMode::is_enabled() ? LinearsFunction::apply(at::TensorList(tensors), settings) : outputs_only(tensors, *settings);
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = outputs.size(1);
  return outputs.view(shape);
}

}  // namespace midillama::model
