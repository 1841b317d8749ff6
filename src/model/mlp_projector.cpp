#include "mlp_projector.h"

#include "midillama/config/projector_kinds.h"
#include "midillama/model/layers.h"
#include "random_weights.h"

#include <cmath>

namespace midillama::model {
namespace {

class MlpProjector final : public Projector {
 public:
  MlpProjector(std::int64_t music_size, std::int64_t inner, std::int64_t hidden_size, const at::Generator& generator)
      : fc1_(register_module("fc1", Linear(music_size, inner, /*with_bias=*/true))),
        fc2_(register_module("fc2", Linear(inner, hidden_size, /*with_bias=*/true))) {
    for (const Linear& layer : {fc1_, fc2_}) {
      fill_linear(layer->weight, layer->weight.size(1), generator);
      fill_linear(layer->bias, layer->weight.size(1), generator);
    }
  }

  std::string kind() const override { return "mlp"; }
  torch::Tensor project(std::span<const torch::Tensor> clips) override {
    return fc2_->forward(at::gelu(fc1_->forward(whitened(at::cat(at::TensorList(clips.data(), clips.size()))))));
  }
  Card card() const override {
    return {"`fc1.weight` [inner, M], `fc1.bias`, `fc2.weight` [T, inner], `fc2.bias`: musical token = fc2 · gelu(fc1 · clip embedding)",
            R"(torch.nn.functional.linear(
    torch.nn.functional.gelu(torch.nn.functional.linear(clip, projector["fc1.weight"], projector["fc1.bias"])),
    projector["fc2.weight"], projector["fc2.bias"]))"};
  }

 protected:
  std::string reads() const override { return "fc1."; }
  std::string writes() const override { return "fc2."; }
  void draw_weights(std::span<const torch::Tensor>, double scale, const at::Generator& generator) override {
    constexpr double kGeluOfNormal = 0.652;  // the root mean square of gelu(z), z ~ N(0, 1)
    const auto fan_in = [](const Linear& layer) { return std::sqrt(static_cast<double>(layer->weight.size(1))); };
    fill_normal(fc1_->weight, 1 / fan_in(fc1_), generator);
    fill_constant(fc1_->bias, 0);
    fill_normal(fc2_->weight, scale / (kGeluOfNormal * fan_in(fc2_)), generator);
    fill_normal(fc2_->bias, scale, generator);
  }

 private:
  Linear fc1_, fc2_;
};

}  // namespace

std::shared_ptr<Projector> make_mlp_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                              const at::Generator& generator) {
  return std::make_shared<MlpProjector>(music_size, config::inner_size(config, hidden_size), hidden_size, generator);
}

}  // namespace midillama::model
