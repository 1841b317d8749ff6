#include "midillama/data/clip_notes.h"

#include "midillama/core/parallel_for.h"
#include "midillama/octuple/file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace midillama::data {
namespace {

constexpr std::size_t kShownErrors = 10;

void require_none(std::vector<std::string> errors) {
  std::erase(errors, "");
  if (errors.empty()) return;
  const std::size_t count = errors.size();
  errors.resize(std::min(count, kShownErrors));
  if (count > kShownErrors) errors.push_back(fmt::format("and {} more", count - kShownErrors));
  throw Error(fmt::format("{} of the clips cannot be used:\n  {}", count, fmt::join(errors, "\n  ")));
}

}  // namespace

std::vector<std::vector<octuple::Octuple>> read_clip_notes(std::span<const std::filesystem::path> clips) {
  std::vector<std::vector<octuple::Octuple>> notes(clips.size());
  for_each_clip(clips, [&](std::size_t i) { notes[i] = octuple::require_notes(clips[i]); });
  return notes;
}

void for_each_clip(std::span<const std::filesystem::path> clips, const std::function<void(std::size_t)>& work) {
  std::vector<std::string> errors(clips.size());
  parallel_for("reading clips", clips.size(), [&](std::size_t i) {
    try {
      work(i);
    } catch (const Error& error) {
      errors[i] = error.what();
    }
  });
  require_none(std::move(errors));
}

void require_clips(std::span<const std::filesystem::path> clips) {
  std::vector<std::string> errors;
  for (const auto& clip : clips) {
    if (!std::filesystem::is_regular_file(clip)) errors.push_back(clip.string() + ": there is no such file");
  }
  require_none(std::move(errors));
}

}  // namespace midillama::data
