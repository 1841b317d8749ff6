#include "midillama/core/line_log.h"

#include "core/descriptor.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/mapped_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <tuple>

namespace midillama {
namespace fs = std::filesystem;

LineLog::LineLog(fs::path file, const OnLine& line) : file_(std::move(file)) {
  if (!fs::exists(file_)) return;
  std::size_t whole = 0;
  {
    const MappedFile mapped(file_);
    const std::string_view text = mapped.bytes();
    whole = text.size();
    std::size_t number = 0;
    for (std::size_t end; (end = text.find('\n', size_)) != std::string_view::npos; size_ = end + 1)
      line(text.substr(size_, end - size_), ++number, {size_, end - size_});
  }
  if (size_ == whole) return;
  log::warning("{}: its last line was cut off and is removed", file_.string());
  fs::resize_file(file_, size_);
}

LineLog::~LineLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LineLog::open() {
  fs::create_directories(fs::absolute(file_).parent_path());
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_by_errno(file_, "cannot be written");
}

LineLog::Place LineLog::add(std::string line) {
  if (descriptor_ < 0) open();
  const Place place{size_, line.size()};
  line += '\n';
  for (std::size_t written = 0; written < line.size();) {
    const auto part = ::write(descriptor_, line.data() + written, line.size() - written);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) {
      const int error = errno;
      std::ignore = ::ftruncate(descriptor_, static_cast<off_t>(size_));
      errno = error;
      fail_by_errno(file_, "cannot be written");
    }
    written += static_cast<std::size_t>(part);
  }
  size_ += line.size();
  return place;
}

std::string LineLog::at(Place place) const {
  std::string line(place.size, '\0');
  std::ifstream file(file_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(place.begin));
  if (!file.read(line.data(), static_cast<std::streamsize>(line.size())))
    throw InputError(file_.string(), "", "was shortened by another program");
  return line;
}

}  // namespace midillama
