// A file that appears under its name only when it is whole, written piece by piece: a model is never in memory twice.
#pragma once

#include "midillama/core/temporary.h"

#include <filesystem>
#include <optional>
#include <string_view>

namespace midillama {

class AtomicFile {
 public:
  // Creates the parent folders and a temporary file beside `path`; where `path` is a symbolic link, beside what it leads to. A
  // pipe or device is written to as it is. InputError where that is not possible.
  explicit AtomicFile(const std::filesystem::path& path);
  // Removes the temporary file unless it was committed.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::string_view bytes);
  // Flushes to disk and renames.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;  // empty for a pipe or device
  std::optional<RemovedOnInterrupt> removed_on_interrupt_;
  int descriptor_ = -1;
};

}  // namespace midillama
