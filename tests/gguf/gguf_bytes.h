// GGUF files made by hand: whole ones, and ones that claim what is not so.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::gguf {

template <typename T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

inline std::string raw_text(std::string_view text) {
  return raw<std::uint64_t>(text.size()) + std::string(text);
}

// The format's numbers of values' types.
inline constexpr std::uint32_t kU8 = 0, kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kText = 8, kList = 9, kU64 = 10;

inline std::string pair(std::string_view key, std::uint32_t type, const std::string& value) {
  return raw_text(key) + raw(type) + value;
}
inline std::string text_pair(std::string_view key, std::string_view value) {
  return pair(key, kText, raw_text(value));
}
inline std::string integer_pair(std::string_view key, std::uint32_t value) {
  return pair(key, kU32, raw(value));
}
inline std::string number_pair(std::string_view key, float value) {
  return pair(key, kF32, raw(value));
}
inline std::string texts_pair(std::string_view key, const std::vector<std::string>& values) {
  std::string bytes = raw(kText) + raw<std::uint64_t>(values.size());
  for (const std::string& value : values) bytes += raw_text(value);
  return pair(key, kList, bytes);
}
template <typename T>
std::string list_pair(std::string_view key, std::uint32_t type, const std::vector<T>& values) {
  std::string bytes = raw(type) + raw<std::uint64_t>(values.size());
  for (const T& value : values) bytes += raw(value);
  return pair(key, kList, bytes);
}

// `dimensions` as the format has them, columns first.
inline std::string tensor(std::string_view name, const std::vector<std::uint64_t>& dimensions, std::uint32_t type, std::uint64_t offset) {
  std::string bytes = raw_text(name) + raw(static_cast<std::uint32_t>(dimensions.size()));
  for (const std::uint64_t dimension : dimensions) bytes += raw(dimension);
  return bytes + raw(type) + raw(offset);
}

inline std::string concatenated(const std::vector<std::string>& parts) {
  std::string bytes;
  for (const std::string& part : parts) bytes += part;
  return bytes;
}

// A file of these pairs, tensors and data.
inline std::string gguf_bytes(const std::vector<std::string>& pairs, const std::vector<std::string>& tensors = {},
                              const std::string& data = {}, std::size_t alignment = 32) {
  std::string bytes = "GGUF" + raw<std::uint32_t>(3) + raw<std::uint64_t>(tensors.size()) + raw<std::uint64_t>(pairs.size());
  bytes += concatenated(pairs) + concatenated(tensors);
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment, '\0');
  return bytes + data;
}

inline std::filesystem::path write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace midillama::gguf
