#include "midillama/data/cut_report.h"

#include "midillama/core/log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace midillama::data {
namespace {

constexpr std::size_t kIdsALine = 100;

void list(const char* what, const std::vector<std::string>& cuts, std::int64_t max_length) {
  for (std::size_t begin = 0; begin < cuts.size(); begin += kIdsALine) {
    const auto ids = std::span(cuts).subspan(begin, std::min(kIdsALine, cuts.size() - begin));
    if (begin == 0) {
      log::warning("{} {} were cut at their end to fit {} tokens (prompt.max_length): {}", cuts.size(), what, max_length,
                   fmt::join(ids, ", "));
    } else {
      log::warning("... and {}", fmt::join(ids, ", "));
    }
  }
}

}  // namespace

void CutReport::add(const std::string& id, const text::EncodedExample& example) {
  if (example.cut_notes_tokens > 0) notes_.push_back(fmt::format("{} ({} tokens)", id, example.cut_notes_tokens));
  if (example.cut_tokens > 0) questions_.push_back(fmt::format("{} ({} tokens)", id, example.cut_tokens));
  if (example.cut_answer_tokens > 0) answers_.push_back(fmt::format("{} ({} tokens)", id, example.cut_answer_tokens));
}

void CutReport::log(std::int64_t max_length) const {
  list("clips written as text", notes_, max_length);
  list("questions", questions_, max_length);
  list("answers", answers_, max_length);
}

}  // namespace midillama::data
