// What this machine has: memory and GPUs, asked without loading LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama {

struct Memory {
  std::int64_t total = 0;  // bytes
  std::int64_t free = 0;   // bytes that a new program can have
};

// The machine's RAM, or the share of it that its control group allows. Error where /proc/meminfo cannot be read.
Memory machine_memory();

struct Gpu {
  std::string name;
  Memory memory;
};

// What nvidia-smi lists, without those that CUDA_VISIBLE_DEVICES hides; empty where there is no nvidia-smi.
std::vector<Gpu> gpus();

// Bytes that can be written below `path`, which need not exist yet.
std::int64_t free_disk(const std::filesystem::path& path);

}  // namespace midillama
