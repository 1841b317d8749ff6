#include "midillama/pieces/learnt.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>

#include <map>

namespace midillama::pieces {
namespace {

std::vector<std::string> ids_of(const std::vector<Piece>& pieces) {
  std::vector<std::string> ids;
  for (const Piece& piece : pieces) ids.push_back(piece.id);
  return ids;
}

std::string fingerprint_of(const Parts& parts, const std::string& label) {
  Fingerprinter known;
  for (const auto* part : {&parts.train, &parts.valid}) {
    for (const Piece& piece : *part) known.add(json_line({piece.id, piece.work, piece.content, piece.values(label)}));
    known.add("\n");
  }
  return known.fingerprint();
}

void require_not_learnt(const std::string& file, const std::vector<Piece>& part, const std::vector<Piece>& tested) {
  std::map<std::string, const Piece*> works, contents;
  for (const Piece& piece : part) {
    works[piece.work] = &piece;
    contents[piece.content] = &piece;
  }
  for (const Piece& piece : tested) {
    if (works.contains(piece.work))
      throw InputError(file, "",
                       fmt::format("the model has learnt from the work {} of the piece {}, which is to be tested", piece.work, piece.id));
    if (const auto same = contents.find(piece.content); same != contents.end())
      throw InputError(file, "",
                       fmt::format("the model has learnt from the piece {}, whose file is that of {}, which is to be tested",
                                   same->second->id, piece.id));
  }
}

}  // namespace

OrderedJson learnt_of(const Parts& parts, const std::string& label) {
  return {{"train", ids_of(parts.train)}, {"valid", ids_of(parts.valid)}, {"fingerprint", fingerprint_of(parts, label)}};
}

Parts as_learnt(const std::filesystem::path& file, const Json& learnt, const std::vector<Piece>& learnable, std::vector<Piece> test,
                const std::string& label) {
  const std::string name = file.string();
  std::map<std::string, const Piece*> by_id;
  for (const Piece& piece : learnable) by_id[piece.id] = &piece;
  const auto found = [&](const char* part) {
    std::vector<Piece> pieces;
    for (const auto& id : json_get<std::vector<std::string>>(learnt, part, name, "")) {
      const auto known = by_id.find(id);
      if (known == by_id.end())
        throw InputError(name, part, fmt::format("the model has learnt from the piece {}, which is not there any more", id));
      pieces.push_back(*known->second);
    }
    return pieces;
  };
  Parts parts{.train = found("train"), .valid = found("valid"), .test = std::move(test)};
  if (fingerprint_of(parts, label) != json_get<std::string>(learnt, "fingerprint", name, ""))
    throw InputError(
        name, "fingerprint",
        "the pieces that the model has learnt from have changed since (their files, works or labels): nothing that learns from "
        "them now can be compared with it. Train again");
  for (const auto* part : {&parts.train, &parts.valid}) require_not_learnt(name, *part, parts.test);
  if (parts.test.empty()) throw InputError(name, "", "no piece is left to test on");
  return parts;
}

}  // namespace midillama::pieces
