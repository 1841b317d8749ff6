#include "midillama/parallel/agreement.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>

namespace midillama::parallel {

void require_agreement(ProcessGroup& group, const Json& values) {
  if (group.size() == 1) return;
  const auto all = group.all_gather(values.dump());
  const Json first = Json::parse(all.front());
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    const Json other = Json::parse(all[rank]);
    for (const auto& [key, value] : first.items()) {
      if (other.value(key, Json()) == value) continue;
      throw Error(fmt::format("the ranks would not do the same: {} is {} on rank 0 and {} on rank {}", key, value.dump(),
                              other.value(key, Json()).dump(), rank));
    }
  }
}

std::string parameters_fingerprint(const torch::nn::Module& module) {
  constexpr std::int64_t kSampled = 64;  // entries of each parameter
  const torch::NoGradGuard no_grad;
  std::string parts;
  for (const auto& parameter : module.named_parameters()) {
    const torch::Tensor values = parameter.value().reshape({-1});
    const std::int64_t count = std::min(kSampled, values.numel());
    const std::int64_t between = count == 0 ? 1 : values.numel() / count;
    const torch::Tensor sample = values.slice(0, 0, count * between, between).to(torch::kCPU, torch::kFloat32).contiguous();
    parts += parameter.key();
    parts.append(static_cast<const char*>(sample.const_data_ptr()), sample.nbytes());
  }
  return fingerprint(parts);
}

}  // namespace midillama::parallel
