// A file's bytes, read-only and mapped: only what is touched is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace midillama {

class MappedFile {
 public:
  // InputError where the file is no regular one or cannot be opened.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {bytes_, size_}; }
  const std::string& path() const { return path_; }

  // The pages come back from the file when they are touched again.
  void release(std::uint64_t begin, std::uint64_t end) const;

 private:
  std::string path_;
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace midillama
