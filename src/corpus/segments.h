// The first half of a build: pieces become clips, and of each tune one piece is kept.
#pragma once

#include "corpus/description.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/source.h"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace midillama::corpus {

struct Segments {
  std::vector<Piece> pieces;                   // kept, with their clips and without their notes
  std::vector<std::string> family;             // of each piece: equal for those that stay on one side of the splits
  std::map<std::string, std::string> copy_of;  // of each piece that was left out for another: the kept one's id, by its own
  Provenance provenance = {};                  // what they were read from
  CollectionCounts read = {};                  // pieces, before any was left out
  double seconds = 0;                          // of all kept pieces
  BuildReport report = {};                     // up to the pieces that are kept
};

inline std::string clip_id(const Piece& piece, std::size_t clip) {
  return fmt::format("{}.{}", piece.id, clip + 1);
}
inline std::string clip_file(const std::string& clip_id) {
  return fmt::format("clips/{}.mid", clip_id);
}

// Reads the pieces of a source, each given to `use`.
using ReadPieces = std::function<Reading(const UsePiece& use)>;

// Writes the clips of the pieces that `read` reads into FOLDER/clips. InputError where no piece gives one.
Segments cut_clips(const config::Corpus& config, const records::Tags& tags, const std::filesystem::path& folder, const ReadPieces& read);

}  // namespace midillama::corpus
