#include "midillama/core/mapped_file.h"

#include "midillama/core/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace midillama {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path) {
  throw InputError(path.string(), "", fmt::format("cannot be opened ({})", std::strerror(errno)));
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) : path_(path.string()) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) fail(path);
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size_ = regular ? static_cast<std::size_t>(status.st_size) : 0;
  void* address = size_ > 0 ? ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
  const int error = errno;
  ::close(descriptor);
  if (!regular) throw InputError(path.string(), "", "is not a regular file");
  errno = error;
  if (address == MAP_FAILED) fail(path);
  bytes_ = static_cast<const char*>(address);
}

MappedFile::~MappedFile() {
  if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
}

void MappedFile::release(std::uint64_t begin, std::uint64_t end) const {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  begin -= begin % page;
  ::madvise(const_cast<char*>(bytes_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace midillama
