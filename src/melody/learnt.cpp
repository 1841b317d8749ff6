#include "midillama/melody/learnt.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/pieces/learnt.h"

namespace midillama::melody {

void write_learnt(const std::filesystem::path& checkpoint, const pieces::Parts& parts) {
  write_atomically(checkpoint / kLearntFile, json_text(OrderedJson{{"works", pieces::learnt_works(parts)}}) + "\n");
}

void require_not_learnt(const std::filesystem::path& checkpoint, const std::vector<pieces::Piece>& tested) {
  const auto file = checkpoint / kLearntFile;
  pieces::require_not_learnt(file, read_json(file), tested);
}

}  // namespace midillama::melody
