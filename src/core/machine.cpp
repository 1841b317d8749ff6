#include "midillama/core/machine.h"

#include "midillama/core/error.h"
#include "midillama/core/process.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;

// The numbers of a file of lines "key: 123 kB" or "key 123", in the file's unit. The kernel's files have no size to ask for beforehand.
std::map<std::string, std::int64_t> read_numbers(const fs::path& file) {
  std::map<std::string, std::int64_t> values;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string key;
    std::int64_t value = 0;
    if (words >> key >> value) values[key.substr(0, key.find(':'))] = value;
  }
  return values;
}

// The number that a control group's file holds; nothing where it is missing or says "max".
std::optional<std::int64_t> read_number(const fs::path& file) {
  std::ifstream stream(file);
  std::int64_t value = 0;
  return stream >> value ? std::optional(value) : std::nullopt;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    const auto begin = part.find_first_not_of(" \t\r");
    parts.push_back(begin == std::string::npos ? "" : part.substr(begin));
  }
  return parts;
}

// Whether CUDA_VISIBLE_DEVICES leaves the GPU with this index and UUID visible.
bool is_visible(const std::string& index, const std::string& uuid) {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible == nullptr) return true;
  return std::ranges::any_of(split(visible, ','),
                             [&](const std::string& name) { return name == index || (name.size() > 4 && uuid.starts_with(name)); });
}

}  // namespace

Memory machine_memory() {
  const auto values = read_numbers("/proc/meminfo");
  if (!values.contains("MemTotal") || !values.contains("MemAvailable")) {
    throw InputError("/proc/meminfo", "MemTotal, MemAvailable", "are missing, so the machine's memory is not known");
  }
  Memory memory{values.at("MemTotal") * kKiB, values.at("MemAvailable") * kKiB};
  const fs::path group = "/sys/fs/cgroup";
  const auto limit = read_number(group / "memory.max");
  if (!limit || *limit >= memory.total) return memory;
  auto pages = read_numbers(group / "memory.stat");
  const std::int64_t used = read_number(group / "memory.current").value_or(0) - pages["inactive_file"] - pages["active_file"];
  return {*limit, std::clamp<std::int64_t>(*limit - used, 0, memory.free)};  // the files' pages can be given back
}

std::vector<Gpu> gpus() {
  std::vector<Gpu> found;
  ProcessResult listed;
  try {
    listed = run_process({"nvidia-smi", "--query-gpu=index,uuid,name,memory.total,memory.free", "--format=csv,noheader,nounits"});
  } catch (const Error&) {
    return found;
  }
  if (listed.status != 0) return found;
  for (const std::string& line : split(listed.output, '\n')) {
    const auto fields = split(line, ',');
    if (fields.size() != 5 || !is_visible(fields[0], fields[1])) continue;
    found.push_back({fields[2], {std::atoll(fields[3].c_str()) * kMiB, std::atoll(fields[4].c_str()) * kMiB}});
  }
  return found;
}

std::int64_t free_disk(const fs::path& path) {
  fs::path existing = fs::absolute(path);
  while (!fs::exists(existing) && existing.has_parent_path() && existing != existing.parent_path()) existing = existing.parent_path();
  const auto available = fs::space(existing).available;
  return static_cast<std::int64_t>(std::min<std::uintmax_t>(available, std::numeric_limits<std::int64_t>::max()));
}

}  // namespace midillama
