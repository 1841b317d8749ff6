#include "midillama/pieces/learnt.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

namespace midillama::pieces {

std::set<std::string> learnt_works(const Parts& parts) {
  std::set<std::string> works;
  for (const auto* part : {&parts.train, &parts.valid}) {
    for (const Piece& piece : *part) works.insert(piece.work);
  }
  return works;
}

void require_not_learnt(const std::filesystem::path& file, const Json& learnt, const std::vector<Piece>& tested) {
  const auto works = json_get<std::set<std::string>>(learnt, "works", file.string(), "");
  for (const Piece& piece : tested) {
    if (works.contains(piece.work))
      throw InputError(file.string(), "works",
                       fmt::format("the model has learnt from the work {} of the piece {}, which is to be tested", piece.work, piece.id));
  }
}

}  // namespace midillama::pieces
