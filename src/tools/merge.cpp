#include "midillama/tools/merge.h"

#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/progress.h"
#include "midillama/model/llama.h"
#include "midillama/model/lora_targets.h"
#include "midillama/model/peft.h"
#include "midillama/model/to_device.h"
#include "midillama/runs/files.h"
#include "midillama/weights/finite.h"
#include "midillama/weights/load.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace midillama::tools {
namespace fs = std::filesystem;
namespace {

// One layer's adapter.
struct Adapter {
  torch::Tensor lora_A;  // [rank, in] views of the adapter's file
  torch::Tensor lora_B;  // [out, rank]
  double scaling = 0;
};

// By the name of the weight that it changes.
std::map<std::string, Adapter> read_adapters(const fs::path& llm, const fs::path& directory, const weights::Checkpoint& base) {
  const config::Lora lora = model::read_peft_config(directory);
  model::Llama shape(model::LlamaConfig::read(llm), torch::TensorOptions().device(torch::kMeta));
  model::add_adapters(*shape, lora, 0);
  const weights::SafetensorsFile file = model::open_peft_weights(*shape, directory);
  weights::require_finite(file);
  std::map<std::string, Adapter> adapters;
  for (const auto& [name, layer] : model::lora_targets(*shape, lora.target_modules)) {
    const torch::Tensor weight = base.tensor(name + ".weight");
    if (weight.sizes() != layer->weight.sizes() || !weight.is_floating_point()) {
      throw InputError(llm.string(), name + ".weight", "is not of the shape that config.json says, or holds no fractions");
    }
    const std::string stem = model::kPeftPrefix + name;
    adapters[name + ".weight"] = {file.tensor(stem + ".lora_A.weight"), file.tensor(stem + ".lora_B.weight"), layer->scaling};
  }
  return adapters;
}

torch::Tensor merge(const torch::Tensor& weight, const Adapter& adapter) {
  const auto exact = [](const torch::Tensor& tensor) { return tensor.to(torch::kFloat32); };
  return at::addmm(exact(weight), exact(adapter.lora_B), exact(adapter.lora_A), 1.0, adapter.scaling).to(weight.scalar_type());
}

InputError too_large(const fs::path& adapter, const std::string& name, torch::ScalarType dtype) {
  return {(adapter / runs::kAdapterWeightsFile).string(), name,
          fmt::format("with what the adapter adds, the weight is too large for {}", c10::toString(dtype))};
}

// Configuration, tokenizer and licence; weights and what else may lie there are not taken along.
bool belongs_to_model(const fs::path& file) {
  const std::string name = file.filename().string();
  for (const char* extension : {".json", ".txt", ".model", ".jinja"}) {
    if (name.ends_with(extension)) return true;
  }
  for (const char* beginning : {"LICENSE", "NOTICE", "USE_POLICY"}) {
    if (name.starts_with(beginning)) return true;
  }
  return false;
}

void copy_other_files(const fs::path& from, const fs::path& to) {
  for (const auto& entry : fs::directory_iterator(from)) {
    if (entry.is_regular_file() && belongs_to_model(entry.path())) fs::copy_file(entry.path(), to / entry.path().filename());
  }
}

torch::Tensor logits_of(model::Llama& llama, const std::vector<std::int64_t>& ids, torch::Device device) {
  const torch::NoGradGuard no_grad;
  const torch::Tensor text = model::to_device(ids, device).unsqueeze(0);
  return llama->logits(llama->forward(llama->embed(text), {})).to(torch::kCPU, torch::kFloat32);
}

}  // namespace

Merged merge_adapter(const fs::path& llm, const fs::path& adapter, const fs::path& directory) {
  require_new_directory(directory);
  const torch::NoGradGuard no_grad;
  const weights::Checkpoint base(llm);
  const std::map<std::string, Adapter> adapters = read_adapters(llm, adapter, base);
  Merged merged{0, adapters.size()};
  for (const weights::SafetensorsFile& file : base.files()) merged.tensors += file.tensors().size();
  write_new_directory(directory, [&](const fs::path& unfinished) {
    Progress progress = Progress::when_long("merging " + llm.string(), merged.tensors);
    copy_other_files(llm, unfinished);
    for (const weights::SafetensorsFile& file : base.files()) {
      const auto tensor_of = [&](const std::string& name) {
        const weights::TensorInfo& info = file.tensors().at(name);
        const torch::Tensor weight = torch::empty(info.shape, info.dtype);
        file.copy_into(name, weight);
        progress.advance();
        const auto found = adapters.find(name);
        if (found == adapters.end()) return weight;
        const torch::Tensor changed = merge(weight, found->second);
        if (!weights::is_finite(changed)) throw too_large(adapter, name, info.dtype);
        return changed;
      };
      weights::write_safetensors(unfinished / file.path().filename(), file.tensors(), tensor_of, file.metadata());
    }
  });
  return merged;
}

LogitDifference compare_merged(const fs::path& llm, const fs::path& adapter, const fs::path& merged, const std::vector<std::int64_t>& ids,
                               torch::Device device, torch::ScalarType dtype) {
  torch::Tensor apart;
  {
    model::Llama llama = model::load_llama(llm, device, dtype);
    model::add_adapters(*llama, model::read_peft_config(adapter), 0);
    model::load_peft_weights(*llama, adapter);
    llama->eval();
    apart = logits_of(llama, ids, device);
  }
  model::Llama llama = model::load_llama(merged, device, dtype);
  const torch::Tensor difference = (logits_of(llama, ids, device) - apart).abs();
  return {difference.max().item<double>(), difference.mean().item<double>()};
}

}  // namespace midillama::tools
