#include "midillama/core/lock.h"

#include "midillama/core/file.h"
#include "midillama/core/log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace midillama {
namespace fs = std::filesystem;
namespace {

enum class Taken { yes, by_another, not_offered };

Taken try_to_take(int descriptor) {
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Taken::by_another;
    if (errno != EINTR) return Taken::not_offered;
  }
  return Taken::yes;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "an unknown host";
}

std::string holder() {
  return fmt::format("process {} on {} since {:%Y-%m-%d %H:%M:%S} UTC", ::getpid(), host_name(), fmt::gmtime(std::time(nullptr)));
}

std::string read_holder(int descriptor) {
  char text[512];
  const ssize_t size = ::pread(descriptor, text, sizeof(text), 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "another process, which did not leave its name";
}

void write_holder(int descriptor) {
  const std::string text = holder();
  // Only a message is lost where this fails.
  if (::ftruncate(descriptor, 0) == 0) std::ignore = ::pwrite(descriptor, text.data(), text.size(), 0);
}

fs::path lock_file(const fs::path& folder) {
  const fs::path normal = fs::weakly_canonical(fs::absolute(folder));  // by whatever link it is named
  const fs::path named = normal.has_filename() ? normal : normal.parent_path();
  return named.parent_path() / fmt::format(".{}.lock", named.filename().string());
}

// Whether the name still leads to the open file: its last holder removes it.
bool is_current(int descriptor, const fs::path& path) {
  struct stat opened = {}, named = {};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

std::optional<FileLock> FileLock::take(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw InputError(path.string(), "", fmt::format("cannot be opened ({})", std::strerror(errno)));
  FileLock lock(descriptor);
  if (try_to_take(descriptor) != Taken::yes) return std::nullopt;
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

WriterLock::WriterLock(const fs::path& folder) : file_(lock_file(folder)) {
  fs::create_directories(file_.parent_path());
  while (!lock_) {
    const int descriptor = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor < 0) throw InputError(file_.string(), "", fmt::format("cannot be opened ({})", std::strerror(errno)));
    FileLock lock(descriptor);
    const Taken taken = try_to_take(descriptor);
    if (taken == Taken::by_another) {
      throw InputError(folder.string(), "",
                       fmt::format("is being written by {}: wait until it ends, or give another folder", read_holder(descriptor)));
    }
    if (taken == Taken::not_offered) {
      log::warning("{}: this file system has no locks ({}): nothing keeps a second program from writing at the same time", file_.string(),
                   std::strerror(errno));
    }
    if (!is_current(descriptor, file_)) continue;
    write_holder(descriptor);
    lock_ = std::move(lock);
  }
  removed_on_interrupt_.emplace(file_);
}

WriterLock::~WriterLock() {
  std::error_code ignored;
  fs::remove(file_, ignored);  // while it is still locked
}

}  // namespace midillama
