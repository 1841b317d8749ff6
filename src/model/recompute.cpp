#include "recompute.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

namespace midillama::model {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What a function's result depends on beside its tensors, as it was when this was made.
class Surroundings {
 public:
  explicit Surroundings(torch::Device device)
      : generator_(at::globalContext().defaultGenerator(device)),
        device_(device.type()),
        draws_(generator_.get_state()),
        autocast_(at::autocast::is_autocast_enabled(device_)) {}

  torch::Device device() const { return generator_.device(); }
  void restore() {
    generator_.set_state(draws_);
    at::autocast::set_autocast_enabled(device_, autocast_);
  }

 private:
  at::Generator generator_;
  torch::DeviceType device_;
  Tensor draws_;
  bool autocast_;
};

// Earlier surroundings for a while.
class Return {
 public:
  explicit Return(Surroundings& earlier) : now_(earlier.device()) { earlier.restore(); }
  ~Return() { now_.restore(); }
  Return(const Return&) = delete;
  Return& operator=(const Return&) = delete;

 private:
  Surroundings now_;
};

struct Work : torch::CustomClassHolder {
  Work(std::function<Tensor(const Tensor&)> function, torch::Device device) : function(std::move(function)), surroundings(device) {}
  std::function<Tensor(const Tensor&)> function;
  Surroundings surroundings;
};

struct Recompute : torch::autograd::Function<Recompute> {
  // tensors: x and the parameters
  static Tensor forward(AutogradContext* context, at::TensorList tensors, const c10::intrusive_ptr<Work>& work) {
    context->save_for_backward(tensors.vec());
    context->saved_data["work"] = c10::IValue::make_capsule(work);
    return work->function(tensors[0]);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const auto work = c10::static_intrusive_pointer_cast<Work>(context->saved_data["work"].toCapsule());
    variable_list inputs = context->get_saved_variables();
    inputs[0] = inputs[0].detach().set_requires_grad(inputs[0].requires_grad());
    Tensor output;
    {
      const Return there(work->surroundings);
      const at::AutoGradMode with_gradients(true);
      output = work->function(inputs[0]);
    }
    variable_list wanted;
    for (const Tensor& input : inputs) {
      if (input.requires_grad()) wanted.push_back(input);
    }
    const variable_list found = torch::autograd::grad({output}, wanted, grads, std::nullopt, false, /*allow_unused=*/true);
    variable_list gradients;
    auto next = found.begin();
    for (const Tensor& input : inputs) gradients.push_back(input.requires_grad() ? *next++ : Tensor());
    gradients.emplace_back();  // the work's
    return gradients;
  }
};

}  // namespace

Tensor recomputed(const std::function<Tensor(const Tensor&)>& function, const Tensor& x, const std::vector<Tensor>& parameters) {
  if (!at::GradMode::is_enabled()) return function(x);
  variable_list tensors = {x};
  tensors.insert(tensors.end(), parameters.begin(), parameters.end());
  return Recompute::apply(at::TensorList(tensors), c10::make_intrusive<Work>(function, x.device()));
}

}  // namespace midillama::model
