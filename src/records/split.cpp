#include "midillama/records/split.h"

namespace midillama::records {

const std::vector<Split>& all_splits() {
  static const std::vector<Split> splits = {Split::train, Split::valid, Split::test};
  return splits;
}

std::string name(Split split) {
  static const char* const kNames[] = {"train", "valid", "test"};
  return kNames[static_cast<int>(split)];
}

}  // namespace midillama::records
