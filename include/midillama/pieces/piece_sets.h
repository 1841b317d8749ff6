// Whole pieces with labels, from folders with pieces.jsonl (works/files.h), and the parts of them that are learnt from, validated with and
// tested on.
#pragma once

#include "midillama/config/schema.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace midillama::pieces {

struct Piece {
  std::string id;              // FOLDER/PIECE: unique over all folders
  std::filesystem::path file;  // the MIDI file
  std::string work;            // FOLDER/WORK; pieces of one work are versions of one song. Of a piece without a work its own id
  std::string drawn_by = {};   // the work's name within its folder: what is drawn depends on that, wherever the folder is
  std::map<std::string, std::vector<std::string>> labels = {};  // each sorted, each once; a label that is not known is absent

  // The values of a label; none where it is not known.
  const std::vector<std::string>& values(const std::string& label) const;
};

// Of every folder, in the order of its lines. A MIDI file's path is looked for below the folder and then below `corpus_path`, where
// imported collections have theirs. A label is a text or a list of texts. InputError naming file, line and key where that is missing or no
// piece; files are not opened, but must be there.
std::vector<Piece> read_pieces(const std::vector<std::string>& folders, const std::filesystem::path& corpus_path);

// The pieces that have a label which at least `min_pieces` of them have; labels that fewer have are taken from them.
std::vector<Piece> with_label(std::vector<Piece> pieces, const std::string& label, std::int64_t min_pieces);

struct Parts {
  std::vector<Piece> train;
  std::vector<Piece> valid;
  std::vector<Piece> test;
};

// All pieces of a work are in one part. The works of config.test, or where it names no folder of config.train, are dealt to config.folds
// folds so that every set of values of `label` has its share of each (a greedy stratification over joined label sets); where `label` is
// empty, so that the folds are equally large. Fold config.fold is tested, whatever is learnt from: models that learn from other folders are
// tested on the same pieces. Of the other works of config.train config.valid_fraction, stratified likewise, validates, and config.max_works
// of the rest are learnt from. Which works are tested and validate depends on their names alone, which are learnt from on `seed`, too.
// InputError where a part has no piece.
Parts divide(const config::PieceSets& config, const std::vector<Piece>& train, const std::vector<Piece>& test, const std::string& label,
             std::uint64_t seed);

// The folds 0 … `folds` - 1 of the pieces, as above.
std::vector<std::int64_t> deal(const std::vector<Piece>& pieces, std::int64_t folds, const std::string& label, std::uint64_t seed);

}  // namespace midillama::pieces
