#include "midillama/core/file.h"
#include "midillama/weights/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

namespace midillama::weights {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

// Shard name → the tensors that the index promises there.
std::map<std::string, std::set<std::string>> read_index(const fs::path& path) {
  const Json index = read_json(path);
  const auto weight_map = json_get<std::map<std::string, std::string>>(index, "weight_map", path.string(), "");
  std::map<std::string, std::set<std::string>> shards;
  for (const auto& [name, shard] : weight_map) {
    if (shard.empty() || fs::path(shard).filename() != shard || shard == "..") {
      throw InputError(path.string(), name, fmt::format("\"{}\" is not the name of a file in the same folder", shard));
    }
    shards[shard].insert(name);
  }
  if (shards.empty()) throw InputError(path.string(), "weight_map", "names no shard");
  return shards;
}

std::vector<SafetensorsFile> open_shards(const fs::path& directory) {
  const fs::path index = directory / kIndexFile;
  std::vector<SafetensorsFile> files;
  std::map<std::string, fs::path> seen;
  for (const auto& [shard, names] : read_index(index)) {
    const SafetensorsFile& file = files.emplace_back(directory / shard);
    for (const std::string& name : names) {
      if (!file.tensors().contains(name)) throw InputError(index.string(), name, fmt::format("is not in {} as the index says", shard));
    }
    for (const auto& [name, info] : file.tensors()) {
      const auto [other, is_new] = seen.emplace(name, file.path());
      if (!is_new) throw InputError(file.path().string(), name, fmt::format("stands in {} too", other->second.filename().string()));
    }
  }
  return files;
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& directory) : directory_(directory) {
  if (fs::exists(directory / kSingleFile)) {
    files_.emplace_back(directory / kSingleFile);
  } else if (fs::exists(directory / kIndexFile)) {
    files_ = open_shards(directory);
  } else {
    throw InputError(directory.string(), "", fmt::format("holds neither {} nor {}", kSingleFile, kIndexFile));
  }
}

const SafetensorsFile* Checkpoint::file_of(const std::string& name) const {
  for (const SafetensorsFile& file : files_) {
    if (file.tensors().contains(name)) return &file;
  }
  return nullptr;
}

torch::Tensor Checkpoint::tensor(const std::string& name) const {
  const SafetensorsFile* file = file_of(name);
  if (file == nullptr) throw InputError(directory_.string(), name, "there is no such tensor in the checkpoint");
  return file->tensor(name);
}

}  // namespace midillama::weights
