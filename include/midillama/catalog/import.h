// `midillama data import`: a folder of MIDI files and its catalog, or a source that has none, become pieces.jsonl.
//
// Of a catalog a piece is a file that the catalog names and that has notes. Its line is {"piece", "file", "title", "composer", "work",
// "source", "labels"}, in the order of the catalog:
//   piece  an id that is fit for a file name and depends on `file` alone: the path without ".mid", everything but letters, digits, '.', '_'
//          and '-' replaced by '_'; where that changed anything, with eight digits of the path's fingerprint at its end
//   file   the path below corpus.path. Where a name is no UTF-8, its other bytes are U+FFFD here, and "file_bytes" is the path in base64
//   work   works::work_id() of composer and title, or of composer and what the catalog calls the work; where the catalog says too little,
//          what the file's path says (catalog::work_of(); works that share a file or its notes are one), else the piece's id. Works, not
//          files, decide what is on one side of a split
//
// Of sources without a catalog (abc, midi) a piece is a tune or file with notes, as `midillama data build` reads them; of duplicates by the
// melody, or by the notes where they have no melody, one is kept. Its music is written to DIRECTORY/midi, with the bar lines of the source
// as meters (midi/bar_lines.h):
//   piece  as a dataset names it
//   file   midi/PIECE.mid, below DIRECTORY
//   work   equal for the pieces of one family (corpus/duplicates.h), which `data build` keeps on one side of its splits
//   labels those of the source in the words of the tags; collection; composer, as the source spells it
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <filesystem>
#include <string>

namespace midillama::catalog {

inline constexpr const char* kImportFile = "import.json";

// Looks at every file, on all cores and one at a time in each, and writes DIRECTORY/pieces.jsonl and DIRECTORY/import.json: counts, the
// settings, fingerprints of catalog, files and pieces, and for each kind of row or file that is no piece a list with the reasons. The same
// settings, catalog and files give the same bytes. InputError where catalog or folder cannot be read, or do not go together: not one file
// of the catalog is there, or none can be used; and where DIRECTORY/midi, which sources without a catalog fill, is another program's, or
// corpus.path or a collection is in it or around it.
void import_pieces(const config::Corpus& config, const std::filesystem::path& directory);

// Whether `directory` holds the pieces that import_pieces() would write. Where catalog or folder are not there any more, settings and
// pieces alone decide.
bool is_current(const config::Corpus& config, const std::filesystem::path& directory);

// records::difference_text() of the settings of the import that is there and those of `config`.
std::string difference_text(const config::Corpus& config, const std::filesystem::path& directory);

// The import's import.json, and the same as a table for a terminal.
OrderedJson import_report(const std::filesystem::path& directory);
std::string report_text(const OrderedJson& report);

}  // namespace midillama::catalog
