#include "midillama/octuple/file.h"

#include "midillama/midi/file.h"

namespace midillama::octuple {

std::vector<Octuple> read_notes(const std::filesystem::path& file, const midi::Part& part) {
  const auto score = midi::part_of(midi::read_midi(file), part);
  try {
    return encode(score, file.string());
  } catch (const OctupleError& error) {
    throw InputError(file.string(), "", error.what());
  }
}

std::vector<Octuple> require_notes(const std::filesystem::path& file, const midi::Part& part) {
  auto notes = read_notes(file, part);
  if (notes.empty() && midi::part_of(midi::read_midi(file), part).note_count() > 0) throw InputError(file.string(), "", kNoneIsLeft);
  if (notes.empty()) throw InputError(file.string(), "", part.is_whole() ? "has no notes" : "has no notes in the part that was asked for");
  return notes;
}

}  // namespace midillama::octuple
