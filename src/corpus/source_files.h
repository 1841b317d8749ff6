// What the sources share: reading pieces on all cores.
#pragma once

#include "midillama/corpus/files.h"
#include "midillama/corpus/source.h"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::corpus {

using ReadPiece = std::variant<Piece, Skipped>;

// Reads `count` pieces on all cores, with progress, and puts them into `reading` in order; whatever keeps one from being read, it is listed
// as skipped, unless it would keep all from it (ConverterError). `use` gets each piece on the thread that read it. Pieces get the id
// `id(i)`, with "-2", "-3", … after an id taken before.
void read_pieces(std::size_t count, const std::function<std::string(std::size_t)>& place, const std::function<Piece(std::size_t)>& read,
                 const UsePiece& use, const std::function<std::string(std::size_t)>& id, Reading& reading);

}  // namespace midillama::corpus
