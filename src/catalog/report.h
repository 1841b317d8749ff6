// What an import says of rows and files that are no piece.
#pragma once

#include "midillama/core/file.h"

#include <span>
#include <string>

namespace midillama::catalog {

struct Leftover {
  const char* name;   // the key in import.json
  const char* label;  // in the table
};

inline constexpr Leftover kUnreadable = {"unreadable", "no readable MIDI file"};
inline constexpr Leftover kSilent = {"silent", "without notes"};
inline constexpr Leftover kDuplicates = {"duplicates", "same notes as another"};
inline constexpr Leftover kCopies = {"copies", "same file in other folders"};
inline constexpr Leftover kMissing = {"missing", "in the catalog, not there"};
inline constexpr Leftover kRepeated = {"repeated", "in the catalog twice"};
inline constexpr Leftover kRefused = {"refused", "paths out of the folder"};
inline constexpr Leftover kMalformed = {"malformed", "rows that name no file"};
inline constexpr Leftover kNotChosen = {"not_chosen", "left out by settings"};
inline constexpr Leftover kNotInCatalog = {"not_in_catalog", "there, not in the catalog"};
inline constexpr Leftover kPassedOver = {"passed_over", "hidden, or no files"};
inline constexpr Leftover kWarnings = {"warnings", "read with a warning, kept"};

// In the order of report and table.
std::span<const Leftover> all_kinds();

// The lists, one of each kind.
class Lists {
 public:
  Lists();
  void add(const Leftover& kind, const std::string& name, const std::string& reason);
  std::size_t count(const Leftover& kind) const { return lists_.at(kind.name).size(); }
  const OrderedJson& json() const { return lists_; }

 private:
  OrderedJson lists_ = OrderedJson::object();
};

inline constexpr int kImportFormat = 1;  // of import.json

// What an import was made of, and what it wrote.
struct Imported {
  OrderedJson settings = {}, sources = {};
  std::size_t rows = 0;  // of the catalog; pieces of a source that has none
  std::size_t pieces = 0, works = 0;
  std::string fingerprint = {};  // of pieces.jsonl
};

// The content of import.json.
OrderedJson import_json(const Imported& imported, const Lists& lists);

}  // namespace midillama::catalog
