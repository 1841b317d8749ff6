#include "train/optimizer.h"

#include "midillama/core/error.h"
#include "midillama/kernels/thread_team.h"
#include "midillama/model/team_scope.h"
#include "midillama/weights/safetensors.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace midillama::train {
namespace {

constexpr const char* kSteps = "step";

// Copies tensors of one file and remembers what does not fit.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file), tensors_(weights::read_safetensors(file)) {}

  void copy(const std::string& name, torch::Tensor& target) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return mistakes_.push_back(name + " is missing");
    if (found->second.sizes() != target.sizes()) {
      mistakes_.push_back(fmt::format("{} has the shape [{}], [{}] is right", name, fmt::join(found->second.sizes(), ", "),
                                      fmt::join(target.sizes(), ", ")));
    } else {
      target.copy_(found->second);
    }
    tensors_.erase(found);
  }

  void finish() {
    for (const auto& [name, tensor] : tensors_) mistakes_.push_back(name + " is unexpected");
    if (!mistakes_.empty()) throw InputError(file_.string(), "", fmt::format("does not fit what trains: {}", fmt::join(mistakes_, "; ")));
  }

 private:
  std::filesystem::path file_;
  weights::TensorMap tensors_;
  std::vector<std::string> mistakes_;
};

}  // namespace

AdamW::AdamW(NamedTensors parameters, const config::Train& config)
    : beta1_(config.beta1), beta2_(config.beta2), epsilon_(config.epsilon), weight_decay_(config.weight_decay) {
  for (auto& [name, parameter] : parameters) {
    names_.push_back(name);
    first_moments_.push_back(torch::zeros_like(parameter));
    second_moments_.push_back(torch::zeros_like(parameter));
    parameters_.push_back(parameter);
  }
  if (parameters_.empty()) throw Error("nothing trains: the stage has no trainable parameter");
  steps_ = torch::zeros({}, parameters_[0].options().requires_grad(false));
}

void AdamW::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  for (const auto& parameter : parameters_) gradients.push_back(parameter.grad());
  steps_ += 1;
  const std::vector<torch::Tensor> steps(parameters_.size(), steps_);
  kernels::share_range(model::TeamScope::team(), std::ssize(parameters_), {}, [&](std::int64_t begin, std::int64_t count) {
    at::internal::lazy_init_num_threads();  // as model/row_passes.cpp
    const torch::NoGradGuard of_this_thread;
    const auto part = [&](const std::vector<torch::Tensor>& all) {
      return at::TensorList(all).slice(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
    };
    at::_fused_adamw_(part(parameters_), part(gradients), part(first_moments_), part(second_moments_), /*max_exp_avg_sqs=*/{}, part(steps),
                      learning_rate, beta1_, beta2_, weight_decay_, epsilon_, /*amsgrad=*/false, /*maximize=*/false);
  });
}

void AdamW::save(const std::filesystem::path& file) const {
  weights::TensorMap tensors{{kSteps, steps_}};
  for (std::size_t i = 0; i < names_.size(); ++i) {
    tensors[names_[i] + ".exp_avg"] = first_moments_[i];
    tensors[names_[i] + ".exp_avg_sq"] = second_moments_[i];
  }
  weights::write_safetensors(file, tensors);
}

void AdamW::load(const std::filesystem::path& file) {
  const torch::NoGradGuard no_grad;
  Reader reader(file);
  reader.copy(kSteps, steps_);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    reader.copy(names_[i] + ".exp_avg", first_moments_[i]);
    reader.copy(names_[i] + ".exp_avg_sq", second_moments_[i]);
  }
  reader.finish();
}

}  // namespace midillama::train
