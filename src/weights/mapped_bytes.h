// A file's bytes, read-only and mapped: only what is touched is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace midillama::weights {

class MappedBytes {
 public:
  // InputError where the file is no regular one or cannot be opened.
  explicit MappedBytes(const std::filesystem::path& path);
  ~MappedBytes();
  MappedBytes(const MappedBytes&) = delete;
  MappedBytes& operator=(const MappedBytes&) = delete;

  std::string_view view() const { return {bytes_, size_}; }

  // The pages come back from the file when they are touched again.
  void release(std::uint64_t begin, std::uint64_t end) const;

 private:
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace midillama::weights
