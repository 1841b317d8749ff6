#include "midillama/melody/learnt.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>

#include <set>
#include <string>

namespace midillama::melody {

void write_learnt(const std::filesystem::path& checkpoint, const pieces::Parts& parts) {
  std::set<std::string> works;
  for (const auto* part : {&parts.train, &parts.valid})
    for (const pieces::Piece& piece : *part) works.insert(piece.work);
  write_atomically(checkpoint / kLearntFile, json_text(OrderedJson{{"works", works}}) + "\n");
}

void require_not_learnt(const std::filesystem::path& checkpoint, const std::vector<pieces::Piece>& tested) {
  const auto file = checkpoint / kLearntFile;
  const auto learnt = json_get<std::set<std::string>>(read_json(file), "works", file.string(), "");
  for (const pieces::Piece& piece : tested) {
    if (learnt.contains(piece.work))
      throw InputError(checkpoint.string(), "", fmt::format("has learnt from the work \"{}\", which is to be tested", piece.work));
  }
}

}  // namespace midillama::melody
