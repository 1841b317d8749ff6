#include "midillama/core/directory.h"

#include "core/unfinished.h"
#include "midillama/core/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>
#include <system_error>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr std::ptrdiff_t kFewFiles = 64;

// Without the separator at the end that users write: "out/" is "out".
fs::path named(const fs::path& target) {
  const auto absolute = behind_link(fs::absolute(target).lexically_normal());
  return absolute.has_filename() ? absolute : behind_link(absolute.parent_path());
}

void flush_file_system(const fs::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::syncfs(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) throw InputError(directory.string(), "", "cannot be flushed to disk");
}

// Flushing thousands of small files one by one takes a minute, the whole file system less.
void flush(const fs::path& directory) {
  if (std::distance(fs::recursive_directory_iterator(directory), {}) > kFewFiles) return flush_file_system(directory);
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_symlink()) sync_to_disk(entry.path());
  }
  sync_to_disk(directory);
}

// Exchanged in one step: there is no moment at which a kill would leave neither the old one nor the new one. Some network file systems
// cannot do that; there the old one is out of sight before the new one has its name.
void replace(const fs::path& target, const fs::path& working) {
  if (::renameat2(AT_FDCWD, working.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    fs::remove_all(working);
    return;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    throw InputError(target.string(), "", std::string("cannot be replaced (") + std::strerror(errno) + ")");
  }
  const auto deleted = deleted_name(target);
  fs::rename(target, deleted);
  fs::rename(working, target);
  fs::remove_all(deleted);
}

}  // namespace

StagedDirectory::StagedDirectory(const fs::path& target) : target_(named(target)), working_(unfinished_name(target_)) {
  fs::create_directories(target_.parent_path());
  remove_unfinished(target_.parent_path(), target_);
  fs::create_directory(working_);
  lock_ = ::open(working_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ >= 0) lock_unfinished(lock_);
}

StagedDirectory::~StagedDirectory() {
  std::error_code ignored;
  fs::remove_all(working_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

void StagedDirectory::put_in_place() {
  flush(working_);
  if (fs::exists(target_)) {
    replace(target_, working_);
  } else {
    fs::rename(working_, target_);
  }
  sync_to_disk(target_.parent_path());
}

void write_directory(const fs::path& target, const std::function<void(const fs::path&)>& fill) {
  StagedDirectory staged(target);
  fill(staged.path());
  staged.put_in_place();
}

void require_new_directory(const fs::path& target) {
  if (fs::exists(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
    throw InputError(target.string(), "", "is there already: give the path of a new folder, or remove it first");
  }
}

void remove_directory(const fs::path& directory) {
  const fs::path deleted = deleted_name(directory);
  fs::rename(directory, deleted);
  fs::remove_all(deleted);
}

void remove_leftovers(const fs::path& parent) {
  remove_unfinished(parent);
}

}  // namespace midillama
