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

// Adapters work in float32 whatever the dtype of the products (and in float64 where that is float64).
Tensor widened(const Tensor& x) {
  return x.to(c10::promoteTypes(x.scalar_type(), torch::kFloat32));
}

// A layer's tensors, and how its adapter works in this pass.
struct Layer {
  Tensor weight;
  Tensor lora_A;  // undefined without adapter, as what follows
  Tensor lora_B;
  double scaling = 0;
  double dropout = 0;  // 0 outside training
  Tensor kept;         // what dropout left, where there is dropout
  Tensor hidden;       // [n, rank] lora_A · input

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

// The sum of the layers' gradients with respect to their input, and what trains.
struct Gradients {
  Tensor input;
  std::vector<variable_list> layers;  // weight and, with an adapter, lora_A and lora_B; undefined for what does not train
};

bool trains(const std::vector<Layer>& layers) {
  return std::ranges::any_of(layers, [](const Layer& layer) { return layer.weight.requires_grad() || layer.lora_A.defined(); });
}

void add_base_gradients(const std::vector<Layer>& layers, const variable_list& grads, const Tensor& input, bool with_input,
                        Gradients& sum) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!grads[i].defined()) continue;
    if (layers[i].weight.requires_grad()) sum.layers[i][0] = grads[i].t().mm(input).to(layers[i].weight.scalar_type());
    if (!with_input) continue;
    const Tensor weight = layers[i].weight.to(grads[i].scalar_type());
    sum.input = sum.input.defined() ? sum.input.addmm_(grads[i], weight) : grads[i].mm(weight);
  }
}

void add_adapter_gradients(std::vector<Layer>& layers, const variable_list& grads, const Tensor& input, bool with_input, Gradients& sum) {
  if (std::ranges::none_of(layers, [](const Layer& layer) { return layer.lora_A.defined(); })) return;
  const Tensor wide = widened(input);
  for (const auto& group : adapter_groups(layers)) {
    const Tensor A = joined_A(group);
    const Tensor grad_hidden = at::zeros({wide.size(0), A.size(0)}, wide.options());
    const auto columns = columns_of(grad_hidden, group);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const Layer& layer = *group[i];
      const auto index = static_cast<std::size_t>(&layer - layers.data());
      if (!grads[index].defined()) continue;
      const Tensor grad = widened(grads[index]);
      sum.layers[index][2] = grad.t().mm(layer.hidden).mul_(layer.factor());
      Tensor(columns[i]).addmm_(grad, layer.lora_B, 0.0, layer.factor());
    }
    const Layer& first = *group.front();
    const Tensor grad_A = grad_hidden.t().mm(first.dropped(wide));
    std::int64_t row = 0;
    for (const Layer* layer : group) {
      const std::int64_t rank = layer->lora_A.size(0);
      sum.layers[static_cast<std::size_t>(layer - layers.data())][1] = grad_A.narrow(0, row, rank);
      row += rank;
    }
    if (!with_input) continue;
    if (sum.input.scalar_type() == A.scalar_type() && !first.kept.defined()) {
      sum.input.addmm_(grad_hidden, A);
    } else {
      sum.input.add_(first.dropped(grad_hidden.mm(A)).to(sum.input.scalar_type()));
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
      return {grad.defined() && x.requires_grad() ? rms_norm_backward(grad, x, weight, settings.epsilon) : Tensor(),
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
    Gradients sum;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      layers[i].hidden = saved[tensors.size() + 2 * i], layers[i].kept = saved[tensors.size() + 2 * i + 1];
      sum.layers.emplace_back(layers[i].lora_A.defined() ? 3 : 1);
    }
    const bool with_input = std::ranges::any_of(sources, [](const Tensor& source) { return source.requires_grad(); });
    if (trains(layers)) {
      const Tensor input = compute_input(*settings, tensors);
      add_base_gradients(layers, grads, input, with_input, sum);
      add_adapter_gradients(layers, grads, input, with_input, sum);
    } else {
      add_base_gradients(layers, grads, {}, with_input, sum);
    }
    variable_list gradients(sources.size());
    if (with_input) gradients = source_gradients(*settings, sources, sum.input);
    for (variable_list& of_layer : sum.layers) gradients.insert(gradients.end(), of_layer.begin(), of_layer.end());
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
