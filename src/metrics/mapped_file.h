// A file seen as memory, without reading it first.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace midillama::metrics {

class MappedFile {
 public:
  // InputError where the file cannot be opened.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::string_view bytes_;
};

}  // namespace midillama::metrics
