#include "midillama/model/lora_targets.h"

#include "midillama/core/error.h"
#include "random_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama::model {
namespace {

bool names(const std::string& target, const std::string& module_name) {
  return module_name == target || module_name.ends_with("." + target);
}

}  // namespace

std::vector<std::string> all_linear_names() {
  return {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
}

std::vector<std::pair<std::string, LoraLinear>> lora_targets(LlamaImpl& llama, const std::vector<std::string>& targets) {
  std::vector<std::pair<std::string, LoraLinear>> layers;
  std::vector<bool> used(targets.size(), false);
  for (const auto& entry : llama.named_modules("", false)) {
    const auto layer = std::dynamic_pointer_cast<LoraLinearImpl>(entry.value());
    if (!layer) continue;
    bool wanted = false;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (names(targets[i], entry.key())) wanted = used[i] = true;
    }
    if (wanted) layers.emplace_back(entry.key(), LoraLinear(layer));
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!used[i]) {
      throw Error(fmt::format("the LoRA target module \"{}\" names no layer that takes an adapter; {} are possible", targets[i],
                              fmt::join(all_linear_names(), ", ")));
    }
  }
  if (layers.empty()) throw Error("the list of LoRA target modules is empty");
  return layers;
}

void add_adapters(LlamaImpl& llama, const config::Lora& lora, std::uint64_t seed) {
  const at::Generator generator = seeded_generator(seed);
  for (auto& [name, layer] : lora_targets(llama, lora.target_modules)) {
    layer->add_adapter(lora.rank, lora.alpha, lora.dropout, generator);
    layer->train(llama.is_training());
  }
}

}  // namespace midillama::model
