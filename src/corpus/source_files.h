// What the sources share: listing files, naming pieces, and reading them on all cores.
#pragma once

#include "midillama/corpus/source.h"

#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::corpus {

struct FoundFiles {
  std::vector<std::filesystem::path> files;  // sorted
  std::vector<Skipped> skipped;              // places below the root
};

// Every regular file below `root`, at any depth and through links to folders, whose name ends in one of `endings` (any case). Skipped, with
// the reason: what cannot be read, hidden files and folders, and datasets that this program built. InputError where there is no such
// folder, or where it is itself such a dataset or among its clips.
FoundFiles files_below(const std::filesystem::path& root, const std::vector<std::string>& endings);

// The name with everything but letters, digits, '.', '_' and '-' replaced by '_'; a long one ends in its fingerprint instead.
std::string file_safe(std::string name);

// A file's fingerprint; empty where it cannot be read.
std::string fingerprint_or_none(const std::filesystem::path& file);

// The place with what is wrong there; the place is not said twice where the error names it too.
Skipped skipped(const std::string& place, const std::exception& error);

using ReadPiece = std::variant<Piece, Skipped>;

// Reads `count` pieces on all cores, with progress, and puts them into `reading` in order; whatever keeps one from being read, it is listed
// as skipped, unless it would keep all from it (ConverterError). `use` gets each piece on the thread that read it. Pieces get the id
// `id(i)`, with "-2", "-3", … after an id taken before.
void read_pieces(std::size_t count, const std::function<std::string(std::size_t)>& place, const std::function<Piece(std::size_t)>& read,
                 const UsePiece& use, const std::function<std::string(std::size_t)>& id, Reading& reading);

}  // namespace midillama::corpus
