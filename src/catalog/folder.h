// The MIDI files of a collection, found by the names that its catalog has for them.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/corpus/files.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace midillama::catalog {

class Folder {
 public:
  // InputError where corpus.path is no folder, or holds no MIDI file.
  explicit Folder(const config::Corpus& config);

  std::size_t size() const { return names_.size(); }
  // Below the folder, sorted.
  const std::string& name(std::size_t file) const { return names_[file]; }
  std::filesystem::path path(std::size_t file) const { return root_ / names_[file]; }
  // What was passed over, and why.
  const std::vector<corpus::Skipped>& skipped() const { return skipped_; }

  // The file that an entry's `file` means. Only what was found below the folder is, whatever the path says.
  std::optional<std::size_t> find(const std::string& file) const;
  // The files that the catalog's name for this one means, itself among them: several where files may lie in any folder.
  std::vector<std::size_t> same_as(std::size_t file) const;

  // Of all files: their names and contents.
  std::string fingerprint() const;

 private:
  const config::Corpus& config_;
  std::filesystem::path root_;
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, std::size_t>> keys_;  // file_key() and the file, sorted
  std::vector<corpus::Skipped> skipped_;
};

// Whether a path of a catalog leads out of the collection's folder, or is absolute.
bool leaves_folder(const std::string& file);

}  // namespace midillama::catalog
