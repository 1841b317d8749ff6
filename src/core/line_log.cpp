#include "midillama/core/line_log.h"

#include "core/descriptor.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <tuple>

namespace midillama {
namespace fs = std::filesystem;

LineLog::LineLog(fs::path file, const OnLine& line) : file_(std::move(file)) {
  if (!fs::exists(file_)) return;
  const MappedFile mapped(file_);
  const std::string_view text = mapped.bytes();
  std::size_t number = 0;
  const auto read = [&](Place place) {
    const std::string_view bytes = text.substr(place.begin, place.size);
    ++number;
    if (bytes.find_first_not_of(" \t\r") != std::string_view::npos) line(bytes, number, place);
  };
  for (std::size_t end; (end = text.find('\n', size_)) != std::string_view::npos; size_ = end + 1) {
    try {
      read({size_, end - size_});
    } catch (const InputError& error) {
      throw Error(fmt::format("{} (delete the line to have what it held asked for again)", error.what()));
    }
  }
  if (size_ == text.size()) return;
  try {
    read({size_, text.size() - size_});
    size_ = text.size();
    lacks_line_end_ = true;
  } catch (const InputError&) {
    is_cut_ = true;
    log::warning("{}: its last line is not whole, as a kill leaves it, and is passed over", file_.string());
  }
}

LineLog::~LineLog() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LineLog::open() {
  if (descriptor_ < 0) {
    fs::create_directories(fs::absolute(file_).parent_path());
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail_by_errno(file_, "cannot be written");
  }
  if (is_cut_) cut();
  is_cut_ = false;
  if (lacks_line_end_) write("\n");
  lacks_line_end_ = false;
}

// Leaves the whole lines.
void LineLog::cut() {
  if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) fail_by_errno(file_, "cannot be written");
}

// By a blank line that goes at once; one that a kill leaves is passed over.
void LineLog::require_room(std::size_t bytes) {
  if (has_room_) return;
  open();
  const std::size_t size = size_;
  write(std::string(bytes, ' ') + '\n');
  size_ = size;
  cut();
  has_room_ = true;
}

LineLog::Place LineLog::add(std::string line) {
  open();
  const Place place{size_, line.size()};
  write(line += '\n');
  return place;
}

void LineLog::write(std::string_view bytes) {
  for (std::size_t written = 0; written < bytes.size();) {
    const auto part = ::write(descriptor_, bytes.data() + written, bytes.size() - written);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) {
      const int error = errno;
      std::ignore = ::ftruncate(descriptor_, static_cast<off_t>(size_));
      errno = error;
      fail_by_errno(file_, "cannot be written");
    }
    written += static_cast<std::size_t>(part);
  }
  size_ += bytes.size();
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
