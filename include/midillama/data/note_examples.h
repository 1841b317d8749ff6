// Clips as the encoder reads them while it is pre-trained.
#pragma once

#include "midillama/octuple/octuple.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::data {

class NoteExamples {
 public:
  // Reads the clips and cuts each into windows of at most `max_notes` notes (and octuple::kMaxBars bars): every note is in exactly one
  // example.
  NoteExamples(std::span<const std::filesystem::path> clips, std::int64_t max_notes);

  std::int64_t size() const { return static_cast<std::int64_t>(windows_.size()); }
  // Notes sorted, the first bar is 0.
  const std::vector<octuple::Octuple>& at(std::int64_t index) const { return windows_.at(static_cast<std::size_t>(index)).notes; }
  // "clips/a.mid", "clips/b.mid (window 2)"
  std::string name(std::int64_t index) const;
  std::int64_t notes() const { return notes_; }
  std::string fingerprint() const;

 private:
  struct Window {
    std::filesystem::path clip;
    std::size_t number = 1;
    std::vector<octuple::Octuple> notes;
  };
  std::vector<Window> windows_;
  std::int64_t notes_ = 0;
};

}  // namespace midillama::data
