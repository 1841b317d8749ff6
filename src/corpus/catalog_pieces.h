// The pieces of pieces.jsonl, as the steps read them.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/corpus/source.h"
#include "midillama/records/step.h"
#include "midillama/works/files.h"

#include <filesystem>
#include <string>
#include <vector>

namespace midillama::corpus {

// InputError where an id is not fit for a file name.
std::vector<works::CatalogPiece> catalog_pieces(const std::filesystem::path& directory);

// InputError where corpus.path is no folder.
void require_collection(const config::Corpus& config);

// The piece's MIDI file. InputError where that leads out of corpus.path.
std::vector<std::uint8_t> midi_bytes(const config::Corpus& config, const works::CatalogPiece& piece);

// The pieces with their notes and where they may be cut; labels are for later. Those whose file cannot be read are skipped.
Reading read_catalog_pieces(const config::Corpus& config, const std::vector<works::CatalogPiece>& pieces, const UsePiece& use);

// What a step that reads the pieces' files is made of. Where the collection is not there any more, its files are as the step's record says.
records::MadeOf made_of_pieces(const config::Corpus& config, const std::filesystem::path& directory, const records::Step& step,
                               OrderedJson settings);

}  // namespace midillama::corpus
