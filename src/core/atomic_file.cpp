#include "midillama/core/atomic_file.h"

#include "midillama/core/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

namespace midillama {
namespace fs = std::filesystem;
namespace {

// A pipe, a terminal, a device: what is written there goes on its way.
bool is_stream(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return !error && fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

// A pipe whose reader does not come is not waited for without end.
int open_stream(const fs::path& path) {
  constexpr int kTries = 30;
  constexpr auto kBetween = std::chrono::milliseconds(100);
  for (int i = 0; i < kTries; ++i, std::this_thread::sleep_for(kBetween)) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor >= 0) {
      ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
      return descriptor;
    }
    if (errno != ENXIO) return descriptor;
  }
  errno = ENXIO;
  return -1;
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path) : path_(is_stream(path) ? path : resolve_links(path)) {
  if (is_stream(path_)) {
    descriptor_ = open_stream(path_);
    if (descriptor_ < 0) fail("cannot be opened");
    return;
  }
  temporary_ = temporary_beside(path_);
  removed_on_interrupt_.emplace(temporary_);
  std::error_code error;
  if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
  if (error) throw InputError(path_.parent_path().string(), "", fmt::format("cannot be created ({})", error.message()));
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("cannot be created");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (temporary_.empty()) return;
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  if (temporary_.empty()) {
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be written");
    return;
  }
  if (::fsync(descriptor_) != 0) fail("cannot be flushed to disk");
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be renamed");
  ::close(descriptor_);
  descriptor_ = -1;
  sync_to_disk(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

void AtomicFile::fail(const char* what) const {
  throw InputError(path_.string(), "", fmt::format("{} ({})", what, std::strerror(errno)));
}

}  // namespace midillama
