// Works of music in a dataset's folder: the pieces that stand for them, and what texts say of them. One JSON object a line; these are the
// formats that other programs read and write, too (docs/formats.md).
#pragma once

#include "midillama/core/file.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace midillama::works {

inline constexpr const char* kPiecesFile = "pieces.jsonl";
inline constexpr const char* kTextsFile = "texts.jsonl";
inline constexpr const char* kAnnotationsFile = "annotations.jsonl";
inline constexpr const char* kRequestsFile = "requests.jsonl";

// A work as its pieces name it. Several pieces (performances, editions) may be of one.
struct Work {
  std::string id;
  std::string composer;
  std::string title;
};

// The works of DIRECTORY/pieces.jsonl in the order in which their first pieces come, each with that piece's spelling. InputError where the
// file is missing, or a line lacks `work`, `composer` or `title`; a composer or title may be empty.
std::vector<Work> read_works(const std::filesystem::path& directory);

// What was found about a work: a line of texts.jsonl.
struct Text {
  std::string work;
  std::string url;
  std::string title;
  std::string retrieved;  // date and time, UTC: 2026-11-26T18:00:00Z
  std::string sha256;     // of the text's bytes
  std::string text;       // without markup
};

OrderedJson to_line(const Text& text);

// Calls `use` with each line of DIRECTORY/texts.jsonl. InputError naming file, line and key.
void for_each_text(const std::filesystem::path& directory, const std::function<void(const Text& text)>& use);

}  // namespace midillama::works
