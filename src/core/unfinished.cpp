#include "core/unfinished.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <random>
#include <string>
#include <system_error>
#include <vector>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr const char* kUnfinished = ".unfinished-";
constexpr const char* kDeleted = ".deleted-";

// Process numbers would not do: two containers that share a disk may both be process 1.
fs::path beside(const fs::path& target, const char* prefix) {
  std::random_device random;
  const auto number = std::uint64_t{random()} << 32 | random();
  return target.parent_path() / fmt::format("{}{}-{:016x}", prefix, target.filename().string(), number);
}

bool is_abandoned(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  ::close(descriptor);
  return locked;
}

}  // namespace

fs::path unfinished_name(const fs::path& target) {
  return beside(target, kUnfinished);
}

fs::path deleted_name(const fs::path& target) {
  return beside(target, kDeleted);
}

fs::path behind_link(const fs::path& path) {
  return fs::is_symlink(path) ? fs::weakly_canonical(path) : path;
}

void lock_unfinished(int descriptor) {
  static_cast<void>(::flock(descriptor, LOCK_EX | LOCK_NB));
}

void remove_unfinished(const fs::path& parent, const fs::path& target) {
  if (!fs::is_directory(parent)) return;
  const auto name = target.empty() ? "" : target.filename().string() + "-";
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(parent)) {
    const auto found = entry.path().filename().string();
    const bool matches = found.starts_with(kUnfinished + name) || found.starts_with(kDeleted + name);
    if (matches && is_abandoned(entry.path())) leftovers.push_back(entry.path());
  }
  std::error_code ignored;  // another process may remove the same
  for (const auto& path : leftovers) fs::remove_all(path, ignored);
}

}  // namespace midillama
