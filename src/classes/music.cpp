#include "midillama/classes/music.h"

#include "midillama/core/error.h"
#include "midillama/core/parallel_for.h"
#include "midillama/midi/file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace midillama::classes {
namespace {

constexpr std::size_t kShownErrors = 10;

}  // namespace

void for_each_music(const std::vector<pieces::Piece>& pieces, const std::function<void(std::size_t piece, const midi::Score& music)>& use) {
  std::vector<std::string> errors(pieces.size());
  parallel_for("reading pieces", pieces.size(), [&](std::size_t i) {
    try {
      const midi::Score music = midi::read_midi(pieces[i].file);
      if (music.note_count() == 0) throw InputError(pieces[i].file.string(), "", "has no notes");
      use(i, music);
    } catch (const Error& error) {
      errors[i] = error.what();
    }
  });
  std::erase(errors, "");
  if (errors.empty()) return;
  const std::size_t count = errors.size();
  errors.resize(std::min(count, kShownErrors));
  if (count > kShownErrors) errors.push_back(fmt::format("and {} more", count - kShownErrors));
  throw Error(fmt::format("{} of the pieces cannot be used:\n  {}", count, fmt::join(errors, "\n  ")));
}

}  // namespace midillama::classes
