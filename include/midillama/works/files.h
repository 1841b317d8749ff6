// Works of music in a dataset's folder: the pieces that stand for them, and what texts say of them. One JSON object a line; these are the
// formats that other programs read and write, too (docs/formats.md).
#pragma once

#include "midillama/core/file.h"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace midillama::works {

inline constexpr const char* kPiecesFile = "pieces.jsonl";
inline constexpr const char* kTextsFile = "texts.jsonl";
inline constexpr const char* kRetrievalFile = "retrieval.jsonl";  // what servers answered
inline constexpr const char* kAnnotationsFile = "annotations.jsonl";
inline constexpr const char* kRequestsFile = "requests.jsonl";

// A line of pieces.jsonl: a MIDI file and what its catalog says of it.
struct CatalogPiece {
  std::string id;    // unique, fit for a file name
  std::string file;  // below corpus.path, the bytes of the path
  std::string title;
  std::string composer;
  std::string work;    // equal for pieces of one work
  std::string source;  // the collection
  Json labels = Json::object();
};

// Calls `use` with each line of DIRECTORY/pieces.jsonl. InputError naming file, line and key where it is missing, a line is not such a
// piece, or an id is there twice.
void for_each_piece(const std::filesystem::path& directory, const std::function<void(const CatalogPiece& piece)>& use);

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

// A field of annotations.jsonl that has a value and a sentence of a text that supports it.
struct Supported {
  std::string value;
  std::string evidence;
  std::string url;  // of the text
};
using SupportedFields = std::map<std::string, Supported>;  // by the field's name

// The same of a line's field; nothing where it is no label: it says that there is not enough information, has a `problem`, or lacks its
// value, its sentence or the URL. `file` and `place` are for errors.
std::optional<Supported> supported_field(const Json& field, const std::string& file, const std::string& place);

// The fields of each annotated work that are labels; works without any are left out. InputError naming file, line and key, also where a
// work has two lines.
std::map<std::string, SupportedFields> read_supported_fields(const std::filesystem::path& directory);

}  // namespace midillama::works
