#include "midillama/core/file.h"

#include "midillama/core/atomic_file.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/temporary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace midillama {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw InputError(path.string(), "", fmt::format("{} ({})", what, std::strerror(errno)));
}

constexpr const char* kStandardInput = "-";
constexpr std::size_t kPart = 1 << 16;           // of what does not say how long it is
constexpr std::uintmax_t kLongest = 4ULL << 30;  // no text, MIDI file or JSON document is longer
constexpr int kPatience = 3000;                  // milliseconds that a pipe without a writer is waited for

class Descriptor {
 public:
  explicit Descriptor(int standard) : descriptor_(::fcntl(standard, F_DUPFD_CLOEXEC, 0)) {
    if (descriptor_ < 0) fail(kStandardInput, "standard input is closed");
  }
  Descriptor(const fs::path& path, int flags, mode_t mode = 0644) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (descriptor_ < 0) fail(path, "cannot be opened");
  }
  ~Descriptor() { ::close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// The next part of a file, empty at its end. A pipe in the file system whose writer does not come is an error, not waited for without end.
std::string_view read_part(const Descriptor& file, const fs::path& path, std::vector<char>& buffer) {
  for (;;) {
    pollfd waiting = {.fd = file.get(), .events = POLLIN, .revents = 0};
    const bool is_ready = path == kStandardInput || ::poll(&waiting, 1, kPatience) != 0;
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0) fail(path, "cannot be read");
    if (count == 0 && !is_ready) throw InputError(path.string(), "", "is a pipe that nothing writes into");
    return {buffer.data(), static_cast<std::size_t>(count)};
  }
}

// Everything that a file gives; of a pipe, too, which does not say how long it is.
template <typename Take>
void read_parts(const fs::path& path, Take&& take) {
  if (fs::is_directory(path)) throw InputError(path.string(), "", "is a folder, a file was expected");
  const Descriptor file = path == kStandardInput ? Descriptor(STDIN_FILENO) : Descriptor(path, O_RDONLY | O_NONBLOCK);
  std::vector<char> buffer(kPart);
  std::uintmax_t total = 0;
  for (std::string_view part; !(part = read_part(file, path, buffer)).empty(); take(part)) {
    total += part.size();
    if (total > kLongest) throw InputError(path.string(), "", fmt::format("does not end after {} bytes", kLongest));
  }
}

// Gathers lines from chunks of text, whatever ends them: LF, CR LF or CR.
class LineSplitter {
 public:
  LineSplitter(std::string file, const OnLine& line) : file_(std::move(file)), on_line_(line) {}

  void add(std::string_view chunk) {
    while (!chunk.empty()) {
      if (after_return_ && chunk.front() == '\n') chunk.remove_prefix(1);
      after_return_ = false;
      const auto end = chunk.find_first_of("\r\n");
      line_ += chunk.substr(0, end);
      if (end == std::string_view::npos) return;
      after_return_ = chunk[end] == '\r';
      finish_line();
      chunk.remove_prefix(end + 1);
    }
  }

  // The last line may have no end.
  void finish() {
    if (!line_.empty()) finish_line();
  }

 private:
  void finish_line() {
    std::string_view line = line_;
    if (++number_ == 1) {
      if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")) throw InputError(file_, "", "is UTF-16 text: save it as UTF-8");
      if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    }
    on_line_(line, number_);
    line_.clear();
  }

  std::string file_;
  const OnLine& on_line_;
  std::string line_;
  std::size_t number_ = 0;
  bool after_return_ = false;
};

}  // namespace

std::vector<std::uint8_t> read_bytes(const fs::path& path) {
  std::vector<std::uint8_t> content;
  std::error_code unknown;  // the size of a pipe
  if (const auto size = fs::file_size(path, unknown); !unknown) content.reserve(std::min(size, kLongest));
  read_parts(path, [&](std::string_view part) { content.insert(content.end(), part.begin(), part.end()); });
  return content;
}

std::string read_text(const fs::path& path) {
  std::string text;
  const OnLine add = [&](std::string_view line, std::size_t) { (text += line) += '\n'; };
  bool ended = true;
  LineSplitter lines(path.string(), add);
  read_parts(path, [&](std::string_view part) {
    lines.add(part);
    ended = part.back() == '\n' || part.back() == '\r';
  });
  lines.finish();
  if (!ended) text.pop_back();
  return text;
}

void for_each_line(const fs::path& path, const OnLine& line) {
  LineSplitter lines(path.string(), line);
  read_parts(path, [&](std::string_view part) { lines.add(part); });
  lines.finish();
}

Json read_json(const fs::path& path) {
  return parse_json(read_text(path), path.string());
}

void for_each_json_line(const fs::path& path, const std::function<void(const Json&, std::size_t)>& row) {
  for_each_line(path, [&](std::string_view text, std::size_t line) {
    if (text.find_first_not_of(" \t") == std::string_view::npos) return;
    const auto place = fmt::format("line {}", line);
    require_shallow(text, path.string(), place);
    const Json value = parse_or_discard(text);
    if (value.is_discarded()) throw InputError(path.string(), place, "not valid JSON");
    row(value, line);
  });
}

bool is_same_file(const fs::path& one, const fs::path& other) {
  std::error_code error;
  if (fs::equivalent(one, other, error)) return true;
  return fs::weakly_canonical(one, error) == fs::weakly_canonical(other, error);
}

void sync_to_disk(const fs::path& path) {
  const Descriptor file(path, fs::is_directory(path) ? O_RDONLY | O_DIRECTORY : O_RDONLY);
  if (::fsync(file.get()) != 0) fail(path, "cannot be flushed to disk");
}

void write_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void replace_symlink(const fs::path& link, const fs::path& target) {
  const fs::path temporary = temporary_beside(link);
  fs::create_symlink(target, temporary);
  fs::rename(temporary, link);
  sync_to_disk(link.parent_path());
}

TemporaryDirectory::TemporaryDirectory(const fs::path& parent) {
  std::string name = (parent / "midillama-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) fail(parent, "no temporary folder can be made in it");
  path_ = name;
  remove_on_interrupt(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  forget_on_interrupt(path_);
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace midillama
