// A file that appears under its name only when it is whole, written piece by piece: a model is never in memory twice.
#pragma once

#include <filesystem>
#include <string_view>

namespace midillama {

class AtomicFile {
 public:
  // Creates the parent folders and an unfinished file beside `path`; where `path` is a symbolic link, beside what it points to, which is
  // replaced. InputError where that is not possible.
  explicit AtomicFile(const std::filesystem::path& path);
  // Removes the unfinished file unless it was committed.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  // Flushes to disk and renames.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  int descriptor_ = -1;
};

}  // namespace midillama
