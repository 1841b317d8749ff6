// Content fingerprints (XXH3, 128 bit): equal bytes give equal fingerprints on every machine. Not for security.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace midillama {

// 32 hexadecimal digits.
std::string fingerprint(std::string_view bytes);
std::string fingerprint_file(const std::filesystem::path& path);

}  // namespace midillama
