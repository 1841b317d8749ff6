#include "midillama/eval/music.h"

#include "midillama/core/error.h"
#include "midillama/core/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace midillama::eval {
namespace {

struct ModeName {
  MusicMode mode;
  std::string_view name;
  std::string_view label;
};

constexpr std::array<ModeName, 4> kModes = {{{MusicMode::as_it_is, "true", "music as it is"},
                                             {MusicMode::shuffled, "shuffled", "music shuffled"},
                                             {MusicMode::zero, "zero", "zero music"},
                                             {MusicMode::none, "none", "no music"}}};

const ModeName& entry_of(MusicMode mode) {
  return *std::ranges::find(kModes, mode, &ModeName::mode);
}

}  // namespace

const std::vector<MusicMode>& music_modes() {
  static const std::vector<MusicMode> modes = {MusicMode::as_it_is, MusicMode::shuffled, MusicMode::zero, MusicMode::none};
  return modes;
}

MusicMode music_mode(std::string_view name) {
  const auto entry = std::ranges::find(kModes, name, &ModeName::name);
  if (entry == kModes.end()) throw UsageError(fmt::format("unknown music \"{}\": it is true, shuffled, zero or none", name));
  return entry->mode;
}

std::string_view name_of(MusicMode mode) {
  return entry_of(mode).name;
}
std::string_view label_of(MusicMode mode) {
  return entry_of(mode).label;
}

std::map<std::filesystem::path, std::filesystem::path> derange(const std::map<std::filesystem::path, std::string>& clips,
                                                               std::uint64_t seed) {
  if (clips.size() < 2) throw Error("music cannot be shuffled: the questions are about fewer than two clips");
  using Clips = std::vector<std::filesystem::path>;
  std::map<std::string, Clips> by_piece;
  for (const auto& [clip, piece] : clips) by_piece[piece].push_back(clip);
  std::vector<Clips> pieces;
  for (auto& [piece, members] : by_piece) pieces.push_back(std::move(members));

  Random random(seed);
  random.shuffle(std::span(pieces));
  Clips order;
  for (auto& members : pieces) {
    random.shuffle(std::span(members));
    order.insert(order.end(), members.begin(), members.end());
  }
  // Pieces stand together, so a step as long as the longest piece leads into another one from everywhere.
  const auto longest = std::ranges::max(pieces, {}, &Clips::size).size();
  const auto step = longest < order.size() ? longest : 1;
  std::map<std::filesystem::path, std::filesystem::path> partners;
  for (std::size_t i = 0; i < order.size(); ++i) partners[order[i]] = order[(i + step) % order.size()];
  return partners;
}

}  // namespace midillama::eval
