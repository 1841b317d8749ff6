#include "corpus/source_files.h"

#include "midillama/core/parallel_for.h"
#include "midillama/corpus/abc_converter.h"

#include <set>

namespace midillama::corpus {

void read_pieces(std::size_t count, const std::function<std::string(std::size_t)>& place, const std::function<Piece(std::size_t)>& read,
                 const UsePiece& use, const std::function<std::string(std::size_t)>& id, Reading& reading) {
  std::vector<ReadPiece> results(count);
  parallel_for("reading pieces", count, [&](std::size_t i) {
    try {
      results[i] = read(i);
    } catch (const ConverterError&) {
      throw;  // the next piece would fail the same way
    } catch (const std::exception& error) {
      results[i] = skipped(place(i), error);
      return;
    }
    auto& piece = std::get<Piece>(results[i]);
    piece.number = i;
    piece.place = place(i);
    if (use) use(piece);
  });
  std::set<std::string> taken;
  for (std::size_t i = 0; i < count; ++i) {
    if (auto* skipped = std::get_if<Skipped>(&results[i])) {
      reading.skipped.push_back(std::move(*skipped));
      continue;
    }
    auto& piece = std::get<Piece>(results[i]);
    const auto first = id(i);
    piece.id = first;
    for (int copy = 2; !taken.insert(piece.id).second; ++copy) piece.id = first + "-" + std::to_string(copy);
    reading.pieces.push_back(std::move(piece));
  }
}

}  // namespace midillama::corpus
