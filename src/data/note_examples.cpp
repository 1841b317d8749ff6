#include "midillama/data/note_examples.h"

#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/data/clip_notes.h"

#include <fmt/format.h>

namespace midillama::data {
namespace {

using octuple::Octuple;

}  // namespace

NoteExamples::NoteExamples(std::span<const std::filesystem::path> clips, std::int64_t max_notes) {
  const auto clip_notes = read_clip_notes(clips);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    std::size_t number = 0;
    for (auto& notes : octuple::windows(clip_notes[i], static_cast<std::size_t>(max_notes))) {
      windows_.push_back({clips[i], ++number, std::move(notes)});
    }
    notes_ += static_cast<std::int64_t>(clip_notes[i].size());
  }
  log::info("{} clips with {} notes in {} windows", clips.size(), notes_, windows_.size());
}

std::string NoteExamples::name(std::int64_t index) const {
  const Window& window = windows_.at(static_cast<std::size_t>(index));
  return window.number == 1 ? window.clip.string() : fmt::format("{} (window {})", window.clip.string(), window.number);
}

std::string NoteExamples::fingerprint() const {
  std::string parts;
  for (const Window& window : windows_) {
    parts += midillama::fingerprint({reinterpret_cast<const char*>(window.notes.data()), window.notes.size() * sizeof(Octuple)});
  }
  return midillama::fingerprint(parts);
}

}  // namespace midillama::data
