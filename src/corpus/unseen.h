// The split of unseen wordings (records::kUnseenSplit).
#pragma once

#include "midillama/core/file.h"
#include "midillama/records/question.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace midillama::corpus {

// Of the questions of yes or no in each tag and `yes_if`, so many with either answer: as many as there are of the rarer one, and no more.
inline constexpr std::size_t kYesOrNoQuestions = 50;

// The questions in their order, those of yes or no thinned out: whoever always says yes is right half of the time. `seed` draws them.
std::vector<records::Question> balanced(std::vector<records::Question> questions, std::uint64_t seed);

// Questions, clips, questions of each form, and the file's fingerprint.
OrderedJson describe_unseen(const std::filesystem::path& jsonl, const records::Tags& tags);

}  // namespace midillama::corpus
