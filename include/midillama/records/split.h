// The sides of a dataset.
#pragma once

#include <string>
#include <vector>

namespace midillama::records {

enum class Split { train, valid, test };

// train, valid, test: the names of the .jsonl files that `data build` writes.
const std::vector<Split>& all_splits();
std::string name(Split split);

// Questions about the clips of the test split in wordings that no training question has. A dataset may lack it.
inline constexpr const char* kUnseenSplit = "unseen";

}  // namespace midillama::records
