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
  std::string id;              // FOLDER/PIECE: unique over all folders, however they are spelt
  std::filesystem::path file;  // the MIDI file
  std::string work;            // FOLDER/WORK; pieces of one work are versions of one song. Of a piece without a work its own id
  std::string drawn_by = {};   // the work's name within its folder: what is drawn depends on that, wherever the folder is
  std::string content = {};    // the file's fingerprint
  std::map<std::string, std::vector<std::string>> labels = {};  // each sorted, each once; a label that is not known is absent

  // The values of a label; none where it is not known.
  const std::vector<std::string>& values(const std::string& label) const;
};

// Of every folder, in the order of its lines; FOLDER is its place below the working folder, or else on the machine, links followed. A MIDI
// file's path is looked for below the folder and then below `corpus_path`, where imported collections have theirs. A label is a text or a
// list of texts; a number is the text that it is written as, and null is no label. InputError naming file, line and key where that is
// missing or no piece, where a file cannot be read, and where a folder is named twice.
std::vector<Piece> read_pieces(const std::vector<std::string>& folders, const std::filesystem::path& corpus_path);

// The pieces of the folders to learn from, and of those to test on.
struct Sets {
  std::vector<Piece> train;
  std::vector<Piece> test;
};
// config.test is config.train where it names no folder.
Sets read_sets(const config::PieceSets& config, const std::filesystem::path& corpus_path);

// Deals works to parts of the given shares so that every set of values of `label` has its share in each (Webster's method over joined label
// sets); where `label` is empty, so that the parts have their shares of the pieces. The part of each piece, from 0 on. Depends on the
// works' names and `seed`.
std::vector<std::int64_t> deal(const std::vector<Piece>& pieces, const std::vector<double>& shares, const std::string& label,
                               std::uint64_t seed);

// Fold config.fold of config.folds equal ones, whatever is learnt from: models that learn from other folders are tested on the same pieces.
std::vector<Piece> tested_pieces(const std::vector<Piece>& test, const config::PieceSets& config, const std::string& label);

// Those of `pieces` that share no work with `apart`, and no piece of whose work has the bytes of one that is there.
std::vector<Piece> without(std::vector<Piece> pieces, const std::vector<Piece>& apart);

struct Parts {
  std::vector<Piece> train;
  std::vector<Piece> valid;
  std::vector<Piece> test;
};

// Of what may be learnt from, config.valid_fraction validates, stratified by `label`, and config.max_works of the other works are learnt
// from. Which works validate depends on their names alone, which are learnt from on `seed`, too. InputError naming the folders where a part
// has no piece.
Parts divide(const config::PieceSets& config, const std::vector<Piece>& learnable, std::vector<Piece> test, const std::string& label,
             std::uint64_t seed);

}  // namespace midillama::pieces
