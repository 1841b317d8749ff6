// Files that are no text.
#pragma once

#include "midillama/core/file.h"

#include <filesystem>
#include <string>

namespace midillama {

// The file as it is: read_text() would change its line ends.
inline std::string read_binary(const std::filesystem::path& file) {
  const auto bytes = read_bytes(file);
  return {bytes.begin(), bytes.end()};
}

}  // namespace midillama
