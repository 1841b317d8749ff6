// Small file helpers. Every error is an InputError that names the path.
#pragma once

#include "midillama/core/error.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama {

using Json = nlohmann::json;
// Keeps the order in which keys were inserted: for everything that a person or another program reads.
using OrderedJson = nlohmann::ordered_json;

// The file as it is. Here and below "-" is standard input, and a pipe is read to its end; InputError for one
// that nothing writes into for some seconds.
std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path);

inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Text, as every reader of text gets it: without a byte order mark, lines ended by '\n' whether the file has LF, CR LF or CR. InputError
// for UTF-16.
std::string read_text(const std::filesystem::path& path);

// The same line by line, without its end and with its number from 1 on; only one line is in memory.
using OnLine = std::function<void(std::string_view line, std::size_t number)>;
void for_each_line(const std::filesystem::path& path, const OnLine& line);

// The same with the byte of the file at which the line begins, for those who come back to it.
using OnLineAt = std::function<void(std::string_view line, std::size_t number, std::uint64_t begin)>;
void for_each_line_at(const std::filesystem::path& path, const OnLineAt& line);

// Parses one JSON document; the error names the file and the byte.
Json read_json(const std::filesystem::path& path);

// Calls `row` with every non-empty line of a JSON-lines file and its 1-based line number.
void for_each_json_line(const std::filesystem::path& path, const std::function<void(const Json& value, std::size_t line)>& row);

// The value of `key` as `T`; an InputError naming file, place and key where it is missing or of another type.
template <typename T>
T json_get(const Json& object, const std::string& key, const std::string& file, const std::string& place) {
  if (!object.is_object() || !object.contains(key)) throw InputError(file, place, "the key \"" + key + "\" is missing");
  try {
    return object.at(key).get<T>();
  } catch (const Json::exception& error) {
    throw InputError(file, place, "the key \"" + key + "\" has the wrong type (" + error.what() + ")");
  }
}

// An AtomicFile written at once: a killed program leaves the old file or the new one. Creates the parent folders. A
// symbolic link is written through.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

// Whether both name one file, through links too; it need not exist.
bool is_same_file(const std::filesystem::path& one, const std::filesystem::path& other);

// Flushes a file's or a folder's content to disk.
void sync_to_disk(const std::filesystem::path& path);

// Makes the symbolic link `link` point to `target`, replacing an older one in one step.
void replace_symlink(const std::filesystem::path& link, const std::filesystem::path& target);

// A new empty folder below `parent` (the system's temporary folder by default), removed with its content at the end of its life.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace midillama
