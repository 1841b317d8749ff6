#include "midillama/pieces/piece_sets.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"
#include "midillama/works/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace midillama::pieces {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kPartsSeed = 1;  // what is tested is the same for every run.seed

std::vector<std::string> values_of(const Json& label, const std::string& name, const std::string& place) {
  std::set<std::string> values;
  const auto take = [&](const Json& value) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
      throw InputError(place, "", fmt::format("the label \"{}\" is no text and no list of texts", name));
    values.insert(value.get<std::string>());
  };
  if (label.is_array())
    for (const Json& value : label) take(value);
  else
    take(label);
  return {values.begin(), values.end()};
}

// Pieces that stay together, by their work.
struct Family {
  std::string work;
  std::string drawn_by;
  std::vector<std::size_t> pieces;
  std::string stratum;  // the joined values of all of its pieces
};

std::vector<Family> families_of(const std::vector<Piece>& pieces, const std::string& label) {
  std::map<std::string, Family> by_work;
  std::map<std::string, std::set<std::string>> values;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    Family& family = by_work[pieces[i].work];
    family.work = pieces[i].work;
    family.drawn_by = pieces[i].drawn_by;
    family.pieces.push_back(i);
    const auto& own = pieces[i].values(label);
    values[family.work].insert(own.begin(), own.end());
  }
  std::vector<Family> families;
  for (auto& [work, family] : by_work) {
    family.stratum = fmt::format("{}", fmt::join(values[work], "\n"));
    families.push_back(std::move(family));
  }
  return families;
}

// In an order that is drawn by their names, so that another piece more moves few others.
void draw_order(std::vector<Family>& families, std::uint64_t seed) {
  std::ranges::sort(families, {}, [&](const Family& family) { return std::pair(seed_for(seed, family.drawn_by.c_str()), family.work); });
}

std::vector<Piece> taken(const std::vector<Piece>& pieces, const std::vector<std::int64_t>& part, std::int64_t wanted) {
  std::vector<Piece> chosen;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (part[i] == wanted) chosen.push_back(pieces[i]);
  return chosen;
}

// `most` works of them, as far as possible as many of each stratum's share as all of them have.
std::vector<Piece> some_works(const std::vector<Piece>& pieces, std::int64_t most, const std::string& label, std::uint64_t seed) {
  std::vector<Family> families = families_of(pieces, label);
  if (most == 0 || static_cast<std::int64_t>(families.size()) <= most) return pieces;
  draw_order(families, seed_for(seed, "max_works"));
  std::map<std::string, std::int64_t> size, place;
  for (const Family& family : families) ++size[family.stratum];
  // A family's place among its stratum's, as a share of it: the smallest shares are taken.
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < families.size(); ++i) {
    const std::string& stratum = families[i].stratum;
    order.emplace_back((static_cast<double>(place[stratum]++) + 0.5) / static_cast<double>(size[stratum]), i);
  }
  std::ranges::sort(order);
  std::set<std::size_t> kept;
  for (std::int64_t i = 0; i < most; ++i)
    for (const std::size_t piece : families[order[static_cast<std::size_t>(i)].second].pieces) kept.insert(piece);
  std::vector<Piece> chosen;
  for (const std::size_t piece : kept) chosen.push_back(pieces[piece]);
  return chosen;
}

}  // namespace

const std::vector<std::string>& Piece::values(const std::string& label) const {
  static const std::vector<std::string> none;
  const auto found = labels.find(label);
  return found == labels.end() ? none : found->second;
}

std::vector<Piece> read_pieces(const std::vector<std::string>& folders, const fs::path& corpus_path) {
  std::vector<Piece> pieces;
  for (const std::string& folder : folders) {
    const std::string list = (fs::path(folder) / works::kPiecesFile).string();
    works::for_each_piece(folder, [&](const works::CatalogPiece& row) {
      Piece piece{.id = fmt::format("{}/{}", folder, row.id), .file = fs::path(folder) / row.file, .work = {}};
      piece.drawn_by = row.work.empty() ? row.id : row.work;
      piece.work = row.work.empty() ? piece.id : fmt::format("{}/{}", folder, row.work);
      if (!fs::exists(piece.file)) piece.file = corpus_path / row.file;
      if (!fs::exists(piece.file))
        throw InputError(list, fmt::format("piece \"{}\"", row.id),
                         fmt::format("its file {} is neither in {} nor in corpus.path \"{}\"", row.file, folder, corpus_path.string()));
      for (const auto& [name, label] : row.labels.items()) piece.labels[name] = values_of(label, name, fmt::format("{}: {}", list, row.id));
      pieces.push_back(std::move(piece));
    });
  }
  return pieces;
}

std::vector<Piece> with_label(std::vector<Piece> pieces, const std::string& label, std::int64_t min_pieces) {
  std::map<std::string, std::int64_t> count;
  for (const Piece& piece : pieces)
    for (const std::string& value : piece.values(label)) ++count[value];
  for (Piece& piece : pieces) {
    if (piece.values(label).empty()) continue;
    std::erase_if(piece.labels[label], [&](const std::string& value) { return count[value] < min_pieces; });
  }
  std::erase_if(pieces, [&](const Piece& piece) { return piece.values(label).empty(); });
  return pieces;
}

std::vector<std::int64_t> deal(const std::vector<Piece>& pieces, std::int64_t folds, const std::string& label, std::uint64_t seed) {
  std::vector<Family> families = families_of(pieces, label);
  draw_order(families, seed);
  std::map<std::string, std::vector<std::int64_t>> of_stratum;  // pieces that each fold has of it
  std::vector<std::int64_t> all(static_cast<std::size_t>(folds));
  std::vector<std::int64_t> fold_of(pieces.size());
  for (const Family& family : families) {
    auto& own = of_stratum[family.stratum];
    own.resize(all.size());
    std::size_t best = 0;
    for (std::size_t fold = 1; fold < all.size(); ++fold)
      if (std::pair(own[fold], all[fold]) < std::pair(own[best], all[best])) best = fold;
    const auto size = static_cast<std::int64_t>(family.pieces.size());
    own[best] += size;
    all[best] += size;
    for (const std::size_t piece : family.pieces) fold_of[piece] = static_cast<std::int64_t>(best);
  }
  return fold_of;
}

Parts divide(const config::PieceSets& config, const std::vector<Piece>& train, const std::vector<Piece>& test, const std::string& label,
             std::uint64_t seed) {
  const std::vector<Piece>& all_tested = config.test.empty() ? train : test;
  Parts parts;
  parts.test = taken(all_tested, deal(all_tested, config.folds, label, kPartsSeed), config.fold);
  std::set<std::string> tested;
  for (const Piece& piece : parts.test) tested.insert(piece.work);
  std::vector<Piece> rest = train;
  std::erase_if(rest, [&](const Piece& piece) { return tested.contains(piece.work); });
  if (config.valid_fraction > 0) {
    const auto shares = std::max<std::int64_t>(2, std::llround(1 / config.valid_fraction));
    const auto share = deal(rest, shares, label, seed_for(kPartsSeed, "valid"));
    parts.valid = taken(rest, share, 0);
    std::set<std::string> held_back;
    for (const Piece& piece : parts.valid) held_back.insert(piece.work);
    std::erase_if(rest, [&](const Piece& piece) { return held_back.contains(piece.work); });
  }
  parts.train = some_works(rest, config.max_works, label, seed);
  const auto require = [&](const std::vector<Piece>& part, const char* purpose) {
    if (part.empty())
      throw InputError(fmt::format("{}", fmt::join(config.train, ", ")), "",
                       fmt::format("no piece is left to {}{}", purpose, label.empty() ? "" : fmt::format(" with the label \"{}\"", label)));
  };
  require(parts.train, "learn from");
  require(parts.test, "test on");
  if (config.valid_fraction > 0) require(parts.valid, "validate with");
  return parts;
}

}  // namespace midillama::pieces
