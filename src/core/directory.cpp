#include "midillama/core/directory.h"

#include "midillama/core/file.h"

#include <system_error>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr const char* kUnfinished = ".unfinished-";
constexpr const char* kDeleted = ".deleted-";

fs::path beside(const fs::path& target, const char* prefix) {
  return target.parent_path() / (prefix + target.filename().string());
}

// Without the separator at the end that users write: "out/" is "out".
fs::path named(const fs::path& target) {
  return target.has_filename() ? target : target.parent_path();
}

void sync_tree(const fs::path& directory) {
  for (const auto& entry : fs::recursive_directory_iterator(directory)) sync_to_disk(entry.path());
  sync_to_disk(directory);
}

}  // namespace

void write_directory(const fs::path& directory, const std::function<void(const fs::path&)>& fill) {
  const fs::path target = named(directory);
  const fs::path unfinished = beside(target, kUnfinished);
  fs::remove_all(unfinished);
  fs::create_directories(unfinished);
  try {
    fill(unfinished);
    sync_tree(unfinished);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    throw;
  }
  if (fs::exists(target)) remove_directory(target);
  fs::rename(unfinished, target);
  sync_to_disk(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

void require_new_directory(const fs::path& target) {
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
    throw InputError(target.string(), "", "is there already: give the path of a new folder, or remove it first");
  }
}

void remove_directory(const fs::path& directory) {
  const fs::path deleted = beside(directory, kDeleted);
  fs::remove_all(deleted);
  fs::rename(directory, deleted);
  fs::remove_all(deleted);
}

void remove_leftovers(const fs::path& parent) {
  if (!fs::is_directory(parent)) return;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(parent)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kUnfinished) || name.starts_with(kDeleted)) leftovers.push_back(entry.path());
  }
  for (const auto& path : leftovers) fs::remove_all(path);
}

}  // namespace midillama
