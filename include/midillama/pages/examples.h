// Examples of a page: systems' answers to the questions of a dataset, beside each other.
#pragma once

#include "midillama/pages/page.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama::pages {

// What a system answered: a predictions.jsonl (docs/formats.md).
struct AnswerFile {
  std::string system;  // for people
  std::filesystem::path predictions;
};

struct ExampleSource {
  std::string task;                // for people
  std::filesystem::path data_dir;  // of the dataset that was asked about
  std::string split;
  std::vector<AnswerFile> answers;
};

// Adds at most `most` of the questions that the first file answers, spread evenly over the dataset and over what is asked about, with the
// answers of all files. Answers are right or wrong by records::wrong_facts(). A dataset that is not there, has other questions now or clips
// that cannot be read is told in a notice: the answers are then shown without what is missing. InputError naming file and line of a
// predictions file that is none.
void add_examples(Examples& examples, const ExampleSource& source, std::size_t most);

}  // namespace midillama::pages
