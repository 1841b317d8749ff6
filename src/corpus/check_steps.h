// What is wrong with the files of the steps that a dataset was made by.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace midillama::corpus {

// Calls `problem` with the place and the mistake of everything in these files that refers to what is not there: a work or piece of no line
// of pieces.jsonl, a clip without its file, a sentence that is in no text of its address. Nothing where there is no pieces.jsonl.
using OnStepProblem = std::function<void(const std::string& place, const std::string& what)>;
void check_steps(const std::filesystem::path& directory, const OnStepProblem& problem);

}  // namespace midillama::corpus
