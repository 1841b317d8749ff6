#include "midillama/core/file.h"

#include "core/descriptor.h"
#include "midillama/core/atomic_file.h"
#include "midillama/core/file_parts.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/temporary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace midillama {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kLongestLines = 4ULL << 30;  // of a file that is read line by line
constexpr std::uintmax_t kLongest = 256ULL << 20;     // of a file that is read whole, and of a line: no text or JSON document is longer

// Gathers lines from chunks of text, whatever ends them: LF, CR LF or CR.
class LineSplitter {
 public:
  LineSplitter(std::string file, const OnLineAt& line) : file_(std::move(file)), on_line_(line) {}

  void add(std::string_view chunk) {
    while (!chunk.empty()) {
      if (after_return_ && chunk.front() == '\n') {
        chunk.remove_prefix(1);
        ++begin_;
      }
      after_return_ = false;
      const auto end = chunk.find_first_of("\r\n");
      line_ += chunk.substr(0, end);
      if (line_.size() > kLongest)
        throw InputError(file_, fmt::format("line {}", number_ + 1),
                         fmt::format("does not end after {} MiB: more is not read", kLongest >> 20));
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
    if (++number_ == 1 && (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")))
      throw InputError(file_, "", "is UTF-16 text: save it as UTF-8");
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());  // also where files were joined
    on_line_(line, number_, begin_ + (line_.size() - line.size()));
    begin_ += line_.size() + 1;
    line_.clear();
  }

  std::string file_;
  const OnLineAt& on_line_;
  std::string line_;
  std::uint64_t begin_ = 0;  // of the line
  std::size_t number_ = 0;
  bool after_return_ = false;
};

}  // namespace

std::vector<std::uint8_t> read_bytes(const fs::path& path) {
  std::vector<std::uint8_t> content;
  std::error_code unknown;  // the size of a pipe
  if (const auto size = fs::file_size(path, unknown); !unknown) content.reserve(std::min(size, kLongest));
  for_each_part(path, kLongest, [&](std::string_view part) { content.insert(content.end(), part.begin(), part.end()); });
  return content;
}

std::string read_text(const fs::path& path) {
  std::string text;
  const OnLineAt add = [&](std::string_view line, std::size_t, std::uint64_t) { (text += line) += '\n'; };
  bool ended = true;
  LineSplitter lines(path.string(), add);
  for_each_part(path, kLongest, [&](std::string_view part) {
    lines.add(part);
    ended = part.back() == '\n' || part.back() == '\r';
  });
  lines.finish();
  if (!ended) text.pop_back();
  return text;
}

void for_each_line(const fs::path& path, const OnLine& line) {
  for_each_line_at(path, [&](std::string_view text, std::size_t number, std::uint64_t) { line(text, number); });
}

void for_each_line_at(const fs::path& path, const OnLineAt& line) {
  LineSplitter lines(path.string(), line);
  for_each_part(path, kLongestLines, [&](std::string_view part) { lines.add(part); });
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
  if (::fsync(file.get()) != 0) fail_by_errno(path, "cannot be flushed to disk");
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
  if (::mkdtemp(name.data()) == nullptr) fail_by_errno(parent, "no temporary folder can be made in it");
  path_ = name;
  remove_on_interrupt(path_);
}

TemporaryDirectory::~TemporaryDirectory() {
  forget_on_interrupt(path_);
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace midillama
