// What labels are called elsewhere: a YAML file with a section for each label of pieces.jsonl,
//
//   genre:
//     Hip-Hop: Rap
//     Ambient: [New Age, Electronic]  # becomes both
//     Classical: []                   # has no counterpart
//
// A value that a section does not name keeps its name.
#pragma once

#include "midillama/pieces/piece_sets.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace midillama::classes {

// By the old name, the new ones.
using Mapping = std::map<std::string, std::vector<std::string>>;

// The section of a label; empty where the file has none. InputError naming file and line where it is no such file.
Mapping read_mapping(const std::filesystem::path& file, const std::string& label);

// Gives the pieces' values of the label their new names.
void rename(std::vector<pieces::Piece>& pieces, const std::string& label, const Mapping& mapping);

}  // namespace midillama::classes
