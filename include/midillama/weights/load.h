// From a model directory into a module, with every weight accounted for.
#pragma once

#include "midillama/weights/safetensors.h"

#include <torch/nn/module.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace midillama::weights {

// The weights of a Hugging Face style directory: model.safetensors, or shards named by model.safetensors.index.json. Only headers are read.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& directory);
  const std::filesystem::path& directory() const { return directory_; }
  const std::vector<SafetensorsFile>& files() const { return files_; }
  bool contains(const std::string& name) const { return file_of(name) != nullptr; }
  // A view of the mapped bytes; InputError where there is no such tensor.
  torch::Tensor tensor(const std::string& name) const;

 private:
  const SafetensorsFile* file_of(const std::string& name) const;

  std::filesystem::path directory_;
  std::vector<SafetensorsFile> files_;
};

struct LoadReport {
  std::vector<std::string> missing;     // wanted by the module, not in the checkpoint
  std::vector<std::string> unexpected;  // in the checkpoint, not wanted by the module
  std::vector<std::string> mismatched;  // "name: checkpoint [a, b], model [c, d]"
  std::vector<std::string> mistyped;    // "name: holds Int, not fractions"
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty() && mistyped.empty(); }
  // The whole list, one line a tensor.
  std::string describe() const;
};

// The module's name of a checkpoint tensor, or nothing where the tensor is left out on purpose (rotary_emb.inv_freq).
using NameMap = std::function<std::optional<std::string>(const std::string& checkpoint_name)>;
using NamePredicate = std::function<bool(const std::string& module_name)>;

// Compares names and shapes; nothing is read but headers.
LoadReport check_weights(const torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of,
                         const NamePredicate& may_be_missing = nullptr);

// The same for tensors by the module's names.
LoadReport check_weights(const torch::nn::Module& module, const TensorMap& tensors);

// What does not fit between a file and the tensors wanted of it, all of them and no others, as lines "\n  missing: name"; empty where all
// fits. `what` names the file's side of a wrong shape: "adapter [3, 16], model [2, 16]".
std::string misfits(const SafetensorsFile& file, const TensorMap& wanted, const std::string& what);

// InputError with the whole list unless the report is complete. A module on the meta device costs nothing to check.
void require_weights(const torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of,
                     const NamePredicate& may_be_missing = nullptr);

// Copies every tensor into the module's parameters and buffers (converted to their dtype and device). `may_be_missing`: names that the
// checkpoint may lack. Throws InputError with the whole list where anything is missing, unexpected or mis-shaped; the module is untouched
// then.
void load_weights(torch::nn::Module& module, const Checkpoint& checkpoint, const NameMap& name_of,
                  const NamePredicate& may_be_missing = nullptr);

}  // namespace midillama::weights
