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

// A layer's tensors, and how its adapter works in this pass.
struct Layer {
  Tensor weight;
  Tensor lora_A;  // undefined without adapter, as what follows
  Tensor lora_B;
  double scaling = 0;
  double dropout = 0;  // 0 outside training
  Tensor kept;         // what dropout left, where there is dropout
  Tensor hidden;       // [n, rank] lora_A · input
  Tensor grad;         // of the output, in the backward pass
  Tensor grad_weight, grad_A, grad_B;

  // What lora_A · input is multiplied by in all.
  double factor() const { return scaling / (1 - dropout); }
  Tensor dropped(const Tensor& input) const { return kept.defined() ? at::where(kept, input, 0.0) : input; }
};

// What the function is told beside its tensors.
struct Settings : torch::CustomClassHolder {
  struct Adapter {
    bool present = false;
    double scaling = 0;
    double dropout = 0;
  };

  LinearInput::Kind kind = LinearInput::Kind::plain;
  double epsilon = 0;
  torch::ScalarType dtype = torch::kFloat32;  // of the products
  std::vector<Adapter> adapters;              // of each layer
};

Tensor compute_input(const Settings& settings, at::TensorList sources) {
  switch (settings.kind) {
    case LinearInput::Kind::rms_normed:
      return rms_norm(sources[0], sources[1], settings.epsilon).to(settings.dtype);
    case LinearInput::Kind::swiglu:
      return swiglu(sources[0], sources[1]).to(settings.dtype);
    default:
      return sources[0].to(settings.dtype);
  }
}

std::size_t source_count(LinearInput::Kind kind) {
  return kind == LinearInput::Kind::plain ? 1 : 2;
}

// Layers whose adapters share one product: all of them where none drops, else each its own.
std::vector<std::vector<Layer*>> adapter_groups(std::vector<Layer>& layers) {
  std::vector<std::vector<Layer*>> groups;
  for (Layer& layer : layers) {
    if (!layer.lora_A.defined()) continue;
    if (groups.empty() || layer.dropout > 0 || groups.back().front()->dropout > 0) groups.emplace_back();
    groups.back().push_back(&layer);
  }
  return groups;
}

Tensor joined_A(const std::vector<Layer*>& group) {
  if (group.size() == 1) return group.front()->lora_A;
  std::vector<Tensor> parts;
  for (const Layer* layer : group) parts.push_back(layer->lora_A);
  return at::cat(parts);
}

// The columns of each layer of the group in a [n, sum of ranks] tensor.
std::vector<Tensor> columns_of(const Tensor& joined, const std::vector<Layer*>& group) {
  std::vector<std::int64_t> ranks;
  for (const Layer* layer : group) ranks.push_back(layer->lora_A.size(0));
  return joined.split_with_sizes(ranks, 1);
}

void compute_hidden(std::vector<Layer>& layers, const Tensor& input) {
  const Tensor wide = widened(input);
  for (const auto& group : adapter_groups(layers)) {
    Layer& first = *group.front();
    if (first.dropout > 0) first.kept = draw_kept(wide, first.dropout);
    const Tensor joined = product(first.dropped(wide), joined_A(group));
    const auto columns = columns_of(joined, group);
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->hidden = columns[i];
  }
}

Tensor output_of(const Layer& layer, const Tensor& input) {
  Tensor output = product(input, layer.weight.to(input.scalar_type()));
  if (!layer.lora_A.defined()) return output;
  return widened(output).addmm_(layer.hidden, layer.lora_B.t(), 1.0, layer.factor()).to(output.scalar_type());
}

bool trains(const std::vector<Layer>& layers) {
  return std::ranges::any_of(layers, [](const Layer& layer) { return layer.weight.requires_grad() || layer.lora_A.defined(); });
}

// Of the base weights that train; → the input's, where it is wanted.
Tensor base_gradients(std::vector<Layer>& layers, const Tensor& input, bool with_input) {
  Tensor sum;
  for (Layer& layer : layers) {
    if (!layer.grad.defined()) continue;
    if (layer.weight.requires_grad()) layer.grad_weight = layer.grad.t().mm(input).to(layer.weight.scalar_type());
    if (!with_input) continue;
    const Tensor weight = layer.weight.to(layer.grad.scalar_type());
    sum = sum.defined() ? sum.addmm_(layer.grad, weight) : layer.grad.mm(weight);
  }
  return sum;
}

// Of the adapters; adds theirs to the input's gradient, where there is one.
void add_adapter_gradients(std::vector<Layer>& layers, const Tensor& input, const Tensor& grad_input) {
  for (const auto& group : adapter_groups(layers)) {
    const Tensor wide = widened(input), A = joined_A(group);
    const Tensor grad_hidden = at::zeros({wide.size(0), A.size(0)}, wide.options());
    auto columns = columns_of(grad_hidden, group);
    for (std::size_t i = 0; i < group.size(); ++i) {
      Layer& layer = *group[i];
      if (!layer.grad.defined()) continue;
      const Tensor grad = widened(layer.grad);
      layer.grad_B = grad.t().mm(layer.hidden).mul_(layer.factor());
      columns[i].addmm_(grad, layer.lora_B, 0.0, layer.factor());
    }
    const Layer& first = *group.front();
    const Tensor grad_A = grad_hidden.t().mm(first.dropped(wide));
    std::int64_t row = 0;
    for (Layer* layer : group) {
      layer->grad_A = grad_A.narrow(0, row, layer->lora_A.size(0));
      row += layer->lora_A.size(0);
    }
    if (!grad_input.defined()) continue;
    if (grad_input.scalar_type() == A.scalar_type() && !first.kept.defined()) {
      grad_input.addmm_(grad_hidden, A);
    } else {
      grad_input.add_(first.dropped(grad_hidden.mm(A)).to(grad_input.scalar_type()));
    }
  }
}

// The layers of the function's tensors, which are the input's sources, then each layer's weight and, with an adapter, lora_A and lora_B.
std::vector<Layer> layers_of(at::TensorList tensors, const Settings& settings) {
  std::vector<Layer> layers;
  std::size_t next = source_count(settings.kind);
  for (const auto& adapter : settings.adapters) {
    Layer layer;
    layer.weight = tensors[next++];
    if (adapter.present) {
      layer.lora_A = tensors[next++], layer.lora_B = tensors[next++];
      layer.scaling = adapter.scaling, layer.dropout = adapter.dropout;
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

// Gradients of the sources from that of the input.
variable_list source_gradients(const Settings& settings, at::TensorList sources, const Tensor& grad) {
  switch (settings.kind) {
    case LinearInput::Kind::rms_normed: {
      const Tensor &x = sources[0], &weight = sources[1];
      return {x.requires_grad() ? rms_norm_backward(grad, x, weight, settings.epsilon) : Tensor(),
              weight.requires_grad() ? rms_norm_weight_gradient(grad, x, weight, settings.epsilon) : Tensor()};
    }
    case LinearInput::Kind::swiglu: {
      const SwigluGradients gradients = swiglu_backward(grad, sources[0], sources[1]);
      return {gradients.gate, gradients.up};
    }
    default:
      return {grad};
  }
}

struct LinearsFunction : torch::autograd::Function<LinearsFunction> {
  static variable_list forward(AutogradContext* context, at::TensorList tensors, const c10::intrusive_ptr<Settings>& settings) {
    const Tensor input = compute_input(*settings, tensors);
    std::vector<Layer> layers = layers_of(tensors, *settings);
    compute_hidden(layers, input);
    variable_list outputs, kept = tensors.vec();
    for (const Layer& layer : layers) {
      outputs.push_back(output_of(layer, input));
      kept.insert(kept.end(), {layer.hidden, layer.kept});
    }
    context->save_for_backward(kept);
    context->saved_data["settings"] = c10::IValue::make_capsule(settings);
    context->set_materialize_grads(false);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto settings = c10::static_intrusive_pointer_cast<Settings>(context->saved_data["settings"].toCapsule());
    const variable_list saved = context->get_saved_variables();
    const at::TensorList tensors = at::TensorList(saved).slice(0, saved.size() - 2 * settings->adapters.size());
    const at::TensorList sources = tensors.slice(0, source_count(settings->kind));
    std::vector<Layer> layers = layers_of(tensors, *settings);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layers[i].grad = grads[i];
      layers[i].hidden = saved[tensors.size() + 2 * i], layers[i].kept = saved[tensors.size() + 2 * i + 1];
    }
    const bool with_input = std::ranges::any_of(sources, [](const Tensor& source) { return source.requires_grad(); });
    const Tensor input = trains(layers) ? compute_input(*settings, tensors) : Tensor();
    const Tensor grad_input = base_gradients(layers, input, with_input);
    add_adapter_gradients(layers, input, grad_input);
    variable_list gradients = grad_input.defined() ? source_gradients(*settings, sources, grad_input) : variable_list(sources.size());
    for (const Layer& layer : layers) {
      gradients.push_back(layer.grad_weight);
      if (layer.lora_A.defined()) gradients.insert(gradients.end(), {layer.grad_A, layer.grad_B});
    }
    gradients.emplace_back();  // the settings'
    return gradients;
  }
};

// Without gradients: nothing is kept.
std::vector<Tensor> outputs_only(at::TensorList tensors, const Settings& settings) {
  const Tensor input = compute_input(settings, tensors);
  std::vector<Layer> layers = layers_of(tensors, settings);
  const bool few = is_few(input) && std::ranges::all_of(layers, [](const Layer& layer) { return layer.dropout == 0; });
  if (!few) compute_hidden(layers, input);
  std::vector<Tensor> outputs;
  for (const Layer& layer : layers) {
    outputs.push_back(few && layer.lora_A.defined() ? adapted_product(input, layer.weight, layer.lora_A, layer.lora_B, layer.factor())
                                                    : output_of(layer, input));
  }
  return outputs;
}

}  // namespace

std::vector<Tensor> linears(const LinearInput& input, std::initializer_list<const LoraLinearImpl*> layers) {
  const Tensor& x = input.sources[0];
  variable_list tensors;
  for (const Tensor& source : input.sources) tensors.push_back(source.dim() > 1 ? source.flatten(0, -2) : source);
  const auto settings = c10::make_intrusive<Settings>();
  settings->kind = input.kind, settings->epsilon = input.epsilon;
  const auto device = x.device().type();
  settings->dtype =
      at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : (*layers.begin())->weight.scalar_type();
  for (const LoraLinearImpl* layer : layers) {
    tensors.push_back(layer->weight);
    if (layer->has_adapter()) tensors.insert(tensors.end(), {layer->lora_A, layer->lora_B});
    settings->adapters.push_back({layer->has_adapter(), layer->scaling, layer->is_training() ? layer->dropout : 0.0});
  }
  std::vector<Tensor> outputs =
      at::GradMode::is_enabled() ? LinearsFunction::apply(at::TensorList(tensors), settings) : outputs_only(tensors, *settings);
  std::vector<std::int64_t> shape = x.sizes().vec();
  for (Tensor& output : outputs) {
    shape.back() = output.size(1);
    output = output.view(shape);
  }
  return outputs;
}

}  // namespace midillama::model
