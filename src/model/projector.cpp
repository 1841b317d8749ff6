#include "midillama/model/projector.h"

namespace midillama::model {

ProjectorImpl::ProjectorImpl(std::int64_t music_size, std::int64_t hidden_size) {
  weight = register_parameter("weight", torch::empty({hidden_size, music_size}));
  bias = register_parameter("bias", torch::empty({hidden_size}));
}

torch::Tensor ProjectorImpl::forward(const torch::Tensor& music) {
  return at::linear(music, weight, bias);
}

}  // namespace midillama::model
