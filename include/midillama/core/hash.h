// Content fingerprints (XXH3, 128 bit): equal bytes give equal fingerprints on every machine. Not for security. And SHA-256, for files that
// other programs check.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace midillama {

// 32 hexadecimal digits.
std::string fingerprint(std::string_view bytes);
// InputError where it cannot be read, or is no regular file: one would wait for ever for a pipe's end.
std::string fingerprint_file(const std::filesystem::path& path);

// 64 hexadecimal digits, as `sha256sum` prints them.
std::string sha256(std::string_view bytes);

// The fingerprint of bytes that come part by part.
class Fingerprinter {
 public:
  Fingerprinter();
  ~Fingerprinter();

  void add(std::string_view bytes);
  // Of all that was added.
  std::string fingerprint() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midillama
