#include "midillama/melody/learnt.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/pieces/learnt.h"

namespace midillama::melody {

void write_learnt(const std::filesystem::path& checkpoint, const pieces::Parts& parts) {
  write_atomically(checkpoint / kLearntFile, json_text(pieces::learnt_of(parts, "")) + "\n");
}

pieces::Parts read_learnt_parts(const config::Config& config, const std::filesystem::path& checkpoint) {
  const auto file = checkpoint / kLearntFile;
  const config::PieceSets& wanted = config.melody.pieces;
  const pieces::Sets sets = pieces::read_sets(wanted, config.corpus.path);
  return pieces::as_learnt(file, read_json(file), sets.train, pieces::tested_pieces(sets.test, wanted, ""), "");
}

}  // namespace midillama::melody
