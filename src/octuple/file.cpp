#include "midillama/octuple/file.h"

#include "midillama/midi/file.h"

namespace midillama::octuple {
namespace {

midi::Score read_part(const std::filesystem::path& file, const Part& part) {
  auto score = midi::read_midi(file);
  if (part.start == 0 && !part.duration) return score;
  const auto from = score.to_tick({part.start});
  const auto to = part.duration ? score.to_tick({part.start + *part.duration}) : score.end();
  return midi::clip(score, from, to);
}

}  // namespace

std::vector<Octuple> read_notes(const std::filesystem::path& file, const Part& part) {
  const auto score = read_part(file, part);
  try {
    return encode(score);
  } catch (const OctupleError& error) {
    throw InputError(file.string(), "", error.what());
  }
}

std::vector<Octuple> require_notes(const std::filesystem::path& file, const Part& part) {
  auto notes = read_notes(file, part);
  const bool whole = part.start == 0 && !part.duration;
  if (notes.empty()) throw InputError(file.string(), "", whole ? "has no notes" : "has no notes in the part that was asked for");
  return notes;
}

}  // namespace midillama::octuple
