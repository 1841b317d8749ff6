#include "midillama/core/temporary.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>
#include <vector>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTemporary = ".tmp-";  // between a file's name and a suffix

struct Registry {
  std::mutex mutex;
  std::vector<fs::path> paths;
};

// Never destroyed: a signal may come while the program ends.
Registry& registry() {
  static Registry& instance = *new Registry;
  return instance;
}

void remove_tree(const fs::path& path) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    std::error_code error;
    fs::remove_all(path, error);
    if (!error && !fs::exists(fs::symlink_status(path, error))) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

std::string unique_suffix() {
  std::random_device random;
  return fmt::format("{}-{:08x}{:08x}", ::getpid(), random(), random());
}

fs::path temporary_beside(const fs::path& path) {
  return fmt::format("{}{}{}", path.string(), kTemporary, unique_suffix());
}

void remove_leftovers_of(const fs::path& path) {
  const std::string beginning = path.filename().string() + kTemporary;
  std::error_code error;
  for (fs::directory_iterator entries(path.parent_path(), error); !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code ignored;
    if (entries->path().filename().string().starts_with(beginning)) fs::remove(entries->path(), ignored);
  }
}

fs::path resolve_links(fs::path path) {
  constexpr int kMost = 40;  // as the kernel allows
  for (int i = 0; i < kMost && fs::is_symlink(path); ++i) path = path.parent_path() / fs::read_symlink(path);
  return path;
}

void remove_on_interrupt(const fs::path& path) {
  const std::lock_guard lock(registry().mutex);
  registry().paths.push_back(path);
}

void forget_on_interrupt(const fs::path& path) {
  const std::lock_guard lock(registry().mutex);
  auto& paths = registry().paths;
  if (const auto found = std::ranges::find(paths, path); found != paths.end()) paths.erase(found);
}

void remove_interrupted() {
  const std::lock_guard lock(registry().mutex);
  for (const fs::path& path : registry().paths) remove_tree(path);
}

}  // namespace midillama
