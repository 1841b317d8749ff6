// Judgments as they are exported: one row each, what it was about, what was chosen, and when (docs/formats.md).
#pragma once

#include "midillama/core/file.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace midillama::study {

// Milliseconds since 1970, of the server's clock.
using Time = std::int64_t;

struct Judgment {
  std::string participant, item, clip, criterion;
  std::string left, right;  // a system's name, or "check"
  std::string choice;       // one of the two, or "undecided"
  Time shown = 0;           // when the question could be answered first
  Time judged = 0;
  double heard_seconds = 0;  // of the clip, when it was judged
  std::string note = {};
  bool operator==(const Judgment&) const = default;

  bool is_check() const;
  bool is_failed_check() const;
};

// "2026-11-26T23:11:02.500Z", and back: false for what is no such time.
std::string text_of(Time time);
bool read_time(const std::string& text, Time& time);

// RFC 4180, with a header; a note that a spreadsheet would compute is written after an apostrophe.
std::string to_csv(std::span<const Judgment> judgments);
std::string to_jsonl(std::span<const Judgment> judgments);
// What to_jsonl() wrote. InputError naming file, line and key.
std::vector<Judgment> read_judgments(const std::filesystem::path& jsonl);

}  // namespace midillama::study
