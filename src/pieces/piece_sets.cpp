#include "midillama/pieces/piece_sets.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/random.h"
#include "midillama/works/files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

namespace midillama::pieces {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kPartsSeed = 1;  // what is tested is the same for every run.seed

std::vector<std::string> values_of(const Json& label, const std::string& name, const std::string& place) {
  std::set<std::string> values;
  const auto take = [&](const Json& value) {
    if (value.is_null()) return;
    const std::string text = value.is_number() ? value.dump() : value.is_string() ? value.get<std::string>() : "";
    if (text.empty()) throw InputError(place, "", fmt::format("the label \"{}\" is no text and no list of texts", name));
    values.insert(text);
  };
  if (label.is_array())
    for (const Json& value : label) take(value);
  else
    take(label);
  return {values.begin(), values.end()};
}

// The folder's one name.
std::string name_of(const fs::path& folder) {
  const fs::path place = fs::weakly_canonical(folder), below = place.lexically_relative(fs::current_path());
  return (below.empty() || *below.begin() == ".." ? place : below).string();
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
  std::set<std::string> known;
  for (const std::string& spelling : folders) {
    const std::string folder = name_of(spelling), list = (fs::path(folder) / works::kPiecesFile).string();
    if (!known.insert(folder).second) throw InputError(folder, "", "is named twice among the folders of pieces");
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
  parallel_for(pieces.size(), [&](std::size_t i) { pieces[i].content = fingerprint_file(pieces[i].file); });
  return pieces;
}

Sets read_sets(const config::PieceSets& config, const fs::path& corpus_path) {
  Sets sets{.train = read_pieces(config.train, corpus_path), .test = {}};
  const bool are_the_same = config.test.empty() || config.test == config.train;
  sets.test = are_the_same ? sets.train : read_pieces(config.test, corpus_path);
  return sets;
}

std::vector<std::int64_t> deal(const std::vector<Piece>& pieces, const std::vector<double>& shares, const std::string& label,
                               std::uint64_t seed) {
  std::vector<Family> families = families_of(pieces, label);
  draw_order(families, seed);
  std::map<std::string, std::vector<double>> of_stratum;  // pieces that each part has of it
  std::vector<double> all(shares.size());
  std::vector<std::int64_t> part_of(pieces.size());
  for (const Family& family : families) {
    auto& own = of_stratum[family.stratum];
    own.resize(shares.size());
    const auto fullness = [&](std::size_t part) { return std::pair((own[part] + 0.5) / shares[part], (all[part] + 0.5) / shares[part]); };
    std::size_t best = 0;
    for (std::size_t part = 1; part < shares.size(); ++part)
      if (fullness(part) < fullness(best)) best = part;
    own[best] += static_cast<double>(family.pieces.size());
    all[best] += static_cast<double>(family.pieces.size());
    for (const std::size_t piece : family.pieces) part_of[piece] = static_cast<std::int64_t>(best);
  }
  return part_of;
}

std::vector<Piece> tested_pieces(const std::vector<Piece>& test, const config::PieceSets& config, const std::string& label) {
  return taken(test, deal(test, std::vector<double>(static_cast<std::size_t>(config.folds), 1), label, kPartsSeed), config.fold);
}

std::vector<Piece> without(std::vector<Piece> pieces, const std::vector<Piece>& apart) {
  std::set<std::string> works, contents;
  for (const Piece& piece : apart) {
    works.insert(piece.work);
    contents.insert(piece.content);
  }
  for (const Piece& piece : pieces) {
    if (contents.contains(piece.content)) works.insert(piece.work);
  }
  std::erase_if(pieces, [&](const Piece& piece) { return works.contains(piece.work); });
  return pieces;
}

Parts divide(const config::PieceSets& config, const std::vector<Piece>& learnable, std::vector<Piece> test, const std::string& label,
             std::uint64_t seed) {
  Parts parts{.train = learnable, .valid = {}, .test = std::move(test)};
  if (config.valid_fraction > 0) {
    const auto share = deal(learnable, {1 - config.valid_fraction, config.valid_fraction}, label, seed_for(kPartsSeed, "valid"));
    parts.valid = taken(learnable, share, 1);
    parts.train = without(taken(learnable, share, 0), parts.valid);
  }
  parts.train = some_works(parts.train, config.max_works, label, seed);
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
