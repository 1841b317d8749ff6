// What is wrong with the files of the steps that a dataset was made by.
#pragma once

#include "midillama/core/file.h"
#include "midillama/records/split.h"

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace midillama::corpus {

using OnProblem = std::function<void(const std::string& problem)>;

// What the questions of a dataset say of its pieces and clips.
struct Asked {
  struct Clip {
    std::string piece;
    double start = 0, end = 0;  // seconds
  };
  std::map<std::string, records::Split> sides;  // by piece
  std::map<std::string, Clip> clips;            // by the clip's file
};

// Where DIRECTORY/FILE does not have the fingerprint that the file `holder` holds of it.
void check_fingerprint(const std::filesystem::path& directory, const std::string& file, const OrderedJson& fingerprint,
                       const std::filesystem::path& holder, const OnProblem& problem);

// Calls `problem` with everything in these files that is not as their formats say, or not the file that a step's record was written for;
// that refers to what is not there (a work or piece of no line of pieces.jsonl, a clip without its file, a sentence that is in no text of
// its address); that contradicts another line (two works of a piece, ids that are there twice, clips that overlap); and families that are
// on two sides. What the questions name must be there, too. A step without a record is another program's.
void check_steps(const std::filesystem::path& directory, const Asked& asked, const OnProblem& problem);

}  // namespace midillama::corpus
