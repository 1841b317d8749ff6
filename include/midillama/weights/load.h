// From a model directory into a module, with every weight accounted for.
#pragma once

#include <torch/nn/module.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "midillama/weights/safetensors.h"

namespace midillama::weights {

// The weights of a Hugging Face style directory: model.safetensors, or shards named by model.safetensors.index.json.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& directory);
  const std::vector<SafetensorsFile>& files() const { return files_; }

 private:
  std::vector<SafetensorsFile> files_;
};

struct LoadReport {
  std::vector<std::string> missing;     // wanted by the module, not in the checkpoint
  std::vector<std::string> unexpected;  // in the checkpoint, not wanted by the module
  std::vector<std::string> mismatched;  // "name: checkpoint [a, b], model [c, d]"
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
};

// The module's name of a checkpoint tensor, or nothing where the tensor is left out on purpose (rotary_emb.inv_freq).
using NameMap = std::function<std::optional<std::string>(const std::string& checkpoint_name)>;

// Copies every tensor into the module's parameters and buffers (converted to their dtype and device). `optional_names`: names that may be missing
// (lm_head.weight of a tied model). Throws InputError with the whole list where anything is missing, unexpected or mis-shaped.
LoadReport load_weights(torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of,
                        const std::function<bool(const std::string& module_name)>& may_be_missing = nullptr);

// The same from tensors in memory; `source` stands for the file in errors.
LoadReport load_weights(torch::nn::Module& module, const TensorMap& tensors, const std::string& source);

}  // namespace midillama::weights
