#include "corpus/disputes.h"

namespace midillama::corpus {

void Disputes::add(const std::string& kept, const Piece& copy) {
  for (const auto& tag : tags_.tags) {
    const auto label = tag.copies_agree ? copy.labels.find(tag.name) : copy.labels.end();
    if (label == copy.labels.end()) continue;
    auto& said = said_[kept][tag.name];
    const auto origin = copy.origins.find(tag.source());
    if (said.values.empty() && origin != copy.origins.end()) said.origin = origin->second;
    said.values.insert(label->second);
  }
}

void Disputes::settle(Piece& kept) const {
  const auto of_piece = said_.find(kept.id);
  if (of_piece == said_.end()) return;
  for (const auto& [tag, said] : of_piece->second) {
    if (said.values.size() > 1) {
      kept.labels.erase(tag);
    } else if (kept.labels.emplace(tag, *said.values.begin()).second && !said.origin.file.empty()) {
      kept.origins[tags_.at(tag).source()] = said.origin;
    }
  }
}

}  // namespace midillama::corpus
