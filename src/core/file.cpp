#include "midillama/core/file.h"

#include "midillama/core/temporary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace midillama {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw InputError(path.string(), "", fmt::format("{} ({})", what, std::strerror(errno)));
}

constexpr const char* kStandardInput = "-";
constexpr std::size_t kDeepest = 500;            // lists and objects of JSON in each other
constexpr std::size_t kPart = 1 << 16;           // of what does not say how long it is
constexpr std::uintmax_t kLongest = 4ULL << 30;  // no text, MIDI file or JSON document is longer

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

// Reads up to `wanted` bytes; fewer are the end.
template <typename Container>
std::size_t read_some(const fs::path& path, int descriptor, Container& content, std::size_t wanted) {
  const std::size_t before = content.size();
  content.resize(before + wanted);
  std::size_t done = 0;
  while (done < wanted) {
    const ssize_t size = ::read(descriptor, content.data() + before + done, wanted - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(path, "cannot be read");
    if (size == 0) break;
    done += static_cast<std::size_t>(size);
  }
  content.resize(before + done);
  return done;
}

// A file's whole content; of a pipe, too, which does not say how long it is.
template <typename Container>
Container read_all(const fs::path& path) {
  if (fs::is_directory(path)) throw InputError(path.string(), "", "is a folder, a file was expected");
  const bool standard_input = path == kStandardInput;
  const Descriptor file = standard_input ? Descriptor(STDIN_FILENO) : Descriptor(path, O_RDONLY);
  std::error_code no_size;
  const std::uintmax_t size = standard_input ? 0 : fs::file_size(path, no_size);
  Container content;
  content.reserve(no_size ? kPart : std::min<std::uintmax_t>(size, kLongest) + kPart);
  if (!no_size && size > 0) read_some(path, file.get(), content, std::min<std::uintmax_t>(size, kLongest));
  while (read_some(path, file.get(), content, kPart) == kPart) {
    if (content.size() > kLongest) throw InputError(path.string(), "", fmt::format("does not end after {} bytes", kLongest));
  }
  return content;
}

// nlohmann's parser takes any depth, but whoever walks or prints the value does so by recursion.
void require_shallow(std::string_view text, const fs::path& path, const std::string& place) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > kDeepest) throw InputError(path.string(), place, fmt::format("is nested more than {} deep", kDeepest));
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
}

fs::path temporary_name(const fs::path& path) {
  return fmt::format("{}.tmp-{}", path.string(), unique_suffix());
}

}  // namespace

std::vector<std::uint8_t> read_bytes(const fs::path& path) {
  return read_all<std::vector<std::uint8_t>>(path);
}

std::string read_text(const fs::path& path) {
  return read_all<std::string>(path);
}

Json read_json(const fs::path& path) {
  const std::string text = read_text(path);
  require_shallow(text, path, "");
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw InputError(path.string(), fmt::format("byte {}", error.byte), fmt::format("not valid JSON ({})", error.what()));
  }
}

void for_each_json_line(const fs::path& path, const std::function<void(const Json&, std::size_t)>& row) {
  if (fs::is_directory(path)) throw InputError(path.string(), "", "is a folder, a file was expected");
  std::ifstream file(path == kStandardInput ? "/dev/stdin" : path, std::ios::binary);
  if (!file) fail(path, "cannot be opened");
  std::string text;
  for (std::size_t line = 1; std::getline(file, text); ++line) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    require_shallow(text, path, fmt::format("line {}", line));
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) throw InputError(path.string(), fmt::format("line {}", line), "not valid JSON");
    row(value, line);
  }
  if (file.bad()) fail(path, "cannot be read");
}

void sync_to_disk(const fs::path& path) {
  const Descriptor file(path, fs::is_directory(path) ? O_RDONLY | O_DIRECTORY : O_RDONLY);
  if (::fsync(file.get()) != 0) fail(path, "cannot be flushed to disk");
}

void write_atomically(const fs::path& given, std::string_view bytes) {
  const fs::path path = resolve_links(given);
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  const fs::path temporary = temporary_name(path);
  const RemovedOnInterrupt removed_on_interrupt(temporary);
  try {
    {
      const Descriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL);
      while (!bytes.empty()) {
        const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(temporary, "cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(written));
      }
      if (::fsync(file.get()) != 0) fail(temporary, "cannot be flushed to disk");
    }
    fs::rename(temporary, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
  sync_to_disk(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

void replace_symlink(const fs::path& link, const fs::path& target) {
  const fs::path temporary = temporary_name(link);
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
