// A clip as text that can be cut after any of its measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace midillama::music {

struct Notation {
  // One after the other, or one alone that has everything.
  struct Voice {
    std::string head;
    std::vector<std::string> measures;
    std::size_t silent = 0;  // measures before its first note
  };

  std::string head;
  std::vector<Voice> voices;
  std::string between_measures = {};
  std::string between_voices = {};
  std::string tail = {};
  std::int64_t notes = 0;       // of the clip
  std::int64_t lost_notes = 0;  // of these, not in the text

  // Of the longest voice.
  std::size_t measures() const;
  // All of it, or its first `measures` measures; empty where there are no notes, or 0 measures are asked for. A voice that is silent in
  // all of them is left out.
  std::string text() const { return text(measures()); }
  std::string text(std::size_t measures) const;
};

// Tokens of a text.
using CountTokens = std::function<std::int64_t(std::string_view text)>;

// How many of a notation's measures have at most `budget` tokens together; 0 (no bound) gives all of them.
std::size_t measures_within(const Notation& notation, std::int64_t budget, const CountTokens& count);

}  // namespace midillama::music
