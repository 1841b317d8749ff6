#include "midillama/core/file_parts.h"

#include "core/descriptor.h"
#include "midillama/core/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr const char* kStandardInput = "-";
constexpr std::size_t kPart = 1 << 16;
constexpr int kPatience = 3000;  // milliseconds that a pipe without a writer is waited for

// The next part of a file, empty at its end. A pipe in the file system whose writer does not come is an error, not waited for without end.
std::string_view read_part(const Descriptor& file, const fs::path& path, std::vector<char>& buffer) {
  for (;;) {
    pollfd waiting = {.fd = file.get(), .events = POLLIN, .revents = 0};
    const bool is_ready = path == kStandardInput || ::poll(&waiting, 1, kPatience) != 0;
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) fail_by_errno(path, "cannot be read");
    if (count == 0 && !is_ready) throw InputError(path.string(), "", "is a pipe that nothing writes into");
    return {buffer.data(), static_cast<std::size_t>(count)};
  }
}

}  // namespace

void for_each_part(const fs::path& path, std::uintmax_t largest, const std::function<void(std::string_view)>& take) {
  if (fs::is_directory(path)) throw InputError(path.string(), "", "is a folder, a file was expected");
  const Descriptor file = path == kStandardInput ? Descriptor(STDIN_FILENO) : Descriptor(path, O_RDONLY | O_NONBLOCK);
  std::vector<char> buffer(kPart);
  std::uintmax_t total = 0;
  for (std::string_view part; !(part = read_part(file, path, buffer)).empty(); take(part)) {
    total += part.size();
    if (total > largest) throw InputError(path.string(), "", fmt::format("does not end after {} MiB: more is not read", largest >> 20));
  }
}

}  // namespace midillama
