// Parts of a file that stays on the disk, read when they are asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace midillama {

class RandomAccessFile {
 public:
  // InputError where the file is no regular one or cannot be opened.
  explicit RandomAccessFile(const std::filesystem::path& path);
  ~RandomAccessFile();
  RandomAccessFile(RandomAccessFile&& other) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&&) = delete;

  // `length` bytes from `begin` on; from several threads at once. InputError where the file has become shorter, or cannot be read.
  std::string read(std::uint64_t begin, std::size_t length) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace midillama
