// An open file, and the error of one that cannot be used.
#pragma once

#include "midillama/core/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

namespace midillama {

[[noreturn]] inline void fail_by_errno(const std::filesystem::path& path, const std::string& what) {
  throw InputError(path.string(), "", fmt::format("{} ({})", what, std::strerror(errno)));
}

// A pipe would wait for its writer. What is not there is for the opening to say.
inline void require_regular(const std::filesystem::path& path) {
  if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path))
    throw InputError(path.string(), "", "is not a regular file");
}

class Descriptor {
 public:
  explicit Descriptor(int standard) : descriptor_(::fcntl(standard, F_DUPFD_CLOEXEC, 0)) {
    if (descriptor_ < 0) fail_by_errno("-", "standard input is closed");
  }
  Descriptor(const std::filesystem::path& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0) fail_by_errno(path, "cannot be opened");
  }
  ~Descriptor() { ::close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace midillama
