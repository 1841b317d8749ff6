#include "midillama/core/directory.h"

#include "midillama/core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kUnfinished = ".unfinished-";
constexpr std::string_view kDeleted = ".deleted-";
constexpr std::string_view kUnlocked = ".unlocked";

fs::path beside(const fs::path& target, std::string_view prefix) {
  return target.parent_path() / fmt::format("{}{}-{}", prefix, target.filename().string(), unique_suffix());
}

// Without the separator at the end that users write: "out/" is "out".
fs::path named(const fs::path& target) {
  return target.has_filename() ? target : target.parent_path();
}

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

void sync_file_system(const fs::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = descriptor >= 0 && ::syncfs(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!done) throw InputError(directory.string(), "", fmt::format("cannot be flushed to disk ({})", std::strerror(reason)));
}

// Flushing thousands of small files one by one takes a minute, the whole file system less.
void sync_tree(const fs::path& directory) {
  constexpr std::ptrdiff_t kFewFiles = 64;
  if (std::distance(fs::recursive_directory_iterator(directory), {}) > kFewFiles) return sync_file_system(directory);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_symlink()) sync_to_disk(entry.path());
  }
  sync_to_disk(directory);
}

bool exchange(const fs::path& one, const fs::path& other) {
  return ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0;
}

// What its owner has made read-only stays, though the kernel would let it be exchanged for another folder.
fs::path not_read_only(fs::path target) {
  if (fs::is_directory(target) && ::faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0)
    throw InputError(target.string(), "", fmt::format("cannot be written ({})", std::strerror(errno)));
  return target;
}

// What is mounted there can be neither moved nor replaced.
fs::path not_a_mount_point(fs::path target) {
  struct stat within = {}, around = {};
  const bool both = ::stat(target.c_str(), &within) == 0 && ::stat(parent_of(target).c_str(), &around) == 0;
  if (both && within.st_dev != around.st_dev)
    throw InputError(target.string(), "", "is a mount point, whose place no new folder can take: give a folder in it");
  return target;
}

[[noreturn]] void refuse(const fs::path& target) {
  throw InputError(target.string(), "", "is there already: give the path of a new folder, or remove it first");
}

// Makes a working folder. It is locked before it has its name: one with the name and without a lock is a leftover to others.
std::optional<FileLock> make_locked(const fs::path& working) {
  const fs::path parent = parent_of(working), unlocked = beside(working, kUnlocked);
  remove_leftovers(parent);
  try {
    fs::create_directories(parent);
    fs::create_directory(unlocked);
    auto lock = FileLock::take(unlocked);
    fs::rename(unlocked, working);
    return lock;
  } catch (const fs::filesystem_error& error) {
    throw InputError(parent.string(), "", fmt::format("no folder can be made in it ({})", error.code().message()));
  }
}

// Of a folder without a lock, which has its name for a moment only.
bool is_old(const fs::path& directory) {
  constexpr auto kMoment = std::chrono::minutes(1);
  std::error_code error;
  const auto written = fs::last_write_time(directory, error);
  return !error && fs::file_time_type::clock::now() - written > kMoment;
}

bool is_abandoned(const fs::path& directory) {
  try {
    return FileLock::take(directory).has_value();
  } catch (const InputError&) {
    return false;  // it has gone meanwhile
  }
}

}  // namespace

StagedDirectory::StagedDirectory(const fs::path& target)
    : target_(not_a_mount_point(not_read_only(resolve_links(named(target))))),
      working_(beside(target_, kUnfinished)),
      removed_on_interrupt_(working_),
      lock_(make_locked(working_)) {}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  fs::remove_all(working_, ignored);
}

void StagedDirectory::put_in_place() {
  sync_tree(working_);
  if (!fs::exists(target_)) {
    fs::rename(working_, target_);
  } else if (!exchange(working_, target_)) {
    // Both names at once as nearly as can be: deleting takes a while.
    const fs::path replaced = beside(target_, kDeleted);
    fs::rename(target_, replaced);
    fs::rename(working_, target_);
    fs::remove_all(replaced);
  }
  sync_to_disk(parent_of(target_));
  fs::remove_all(working_);  // the old content, where the two were exchanged
}

// The kernel's rename replaces an empty folder, and nothing else, by a folder.
void StagedDirectory::put_in_new_place() {
  sync_tree(working_);
  std::error_code error;
  fs::rename(working_, target_, error);
  if (error == std::errc::directory_not_empty || error == std::errc::file_exists || error == std::errc::not_a_directory) refuse(target_);
  if (error) throw InputError(target_.string(), "", fmt::format("cannot be created ({})", error.message()));
  sync_to_disk(parent_of(target_));
}

void write_directory(const fs::path& target, const std::function<void(const fs::path&)>& fill) {
  StagedDirectory directory(target);
  fill(directory.path());
  directory.put_in_place();
}

void write_new_directory(const fs::path& target, const std::function<void(const fs::path&)>& fill) {
  StagedDirectory directory(target);
  fill(directory.path());
  directory.put_in_new_place();
}

void require_new_directory(const fs::path& target) {
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) refuse(target);
}

void remove_directory(const fs::path& directory) {
  const fs::path deleted = beside(named(directory), kDeleted);
  fs::rename(directory, deleted);
  fs::remove_all(deleted);
}

void remove_leftovers(const fs::path& parent) {
  if (!fs::is_directory(parent)) return;
  std::vector<fs::path> leftovers;
  std::error_code ignored;  // what goes meanwhile is another's
  for (const auto& entry : fs::directory_iterator(parent)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name.starts_with(kUnfinished) || name.starts_with(kDeleted) || (name.starts_with(kUnlocked) && is_old(entry.path()));
    if (ours && entry.is_directory(ignored) && is_abandoned(entry.path())) leftovers.push_back(entry.path());
  }
  for (const auto& path : leftovers) fs::remove_all(path, ignored);
}

}  // namespace midillama
