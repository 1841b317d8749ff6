// The second half of a build: facts, sides, questions, and the dataset's description.
#pragma once

#include "corpus/segments.h"
#include "midillama/corpus/question_writer.h"

#include <filesystem>

namespace midillama::corpus {

// Of pieces of a catalog: what is known of each and where it is said.
inline constexpr const char* kFactsFile = "facts.jsonl";

// Writes everything but the clips, which are in FOLDER already.
BuildReport write_dataset(const config::Corpus& config, const records::Tags& tags, QuestionWriter& writer,
                          const std::filesystem::path& folder, Segments segments);

}  // namespace midillama::corpus
