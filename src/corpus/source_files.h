// What the sources share: listing files, naming pieces, and gathering results of a parallel loop in order.
#pragma once

#include "midillama/core/error.h"
#include "midillama/corpus/source.h"

#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::corpus {

// Every regular file below `root`, at any depth, whose name ends in one of `endings` (any case); sorted by path.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& root, const std::vector<std::string>& endings);

// The name with everything but letters, digits, '.', '_' and '-' replaced by '_'.
std::string file_safe(std::string name);

// The place with what is wrong there; the place is not said twice where the error names it too.
Skipped skipped(const std::string& place, const Error& error);

using ReadPiece = std::variant<Piece, Skipped>;

// Moves pieces and skipped places into `reading` in order. Pieces get the id `id(i)`, with "-2", "-3", … behind an id taken before.
void collect(std::vector<ReadPiece> results, const std::function<std::string(std::size_t)>& id, Reading& reading);

}  // namespace midillama::corpus
