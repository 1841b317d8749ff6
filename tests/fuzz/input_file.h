// For readers that take the name of a file.
#pragma once

#include "midillama/core/file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace midillama::fuzz {

// The bytes in a file called `name`, in a folder that stays until the program ends.
inline std::filesystem::path as_file(const std::uint8_t* data, std::size_t size, const std::string& name) {
  static const TemporaryDirectory folder(std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path());
  const std::filesystem::path path = folder.path() / name;
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return path;
}

}  // namespace midillama::fuzz
