#include "midillama/core/random_access_file.h"

#include "core/descriptor.h"

#include <utility>

namespace midillama {

RandomAccessFile::RandomAccessFile(const std::filesystem::path& path) : path_(path) {
  require_regular(path);
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_by_errno(path, "cannot be opened");
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

std::string RandomAccessFile::read(std::uint64_t begin, std::size_t length) const {
  std::string bytes(length, '\0');
  for (std::size_t done = 0; done < length;) {
    const auto count = ::pread(descriptor_, bytes.data() + done, length - done, static_cast<off_t>(begin + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_by_errno(path_, "cannot be read");
    if (count == 0) throw InputError(path_.string(), "", "has become shorter since it was opened");
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace midillama
