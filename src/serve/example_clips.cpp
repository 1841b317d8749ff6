#include "midillama/serve/example_clips.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/midi/file.h"
#include "midillama/records/question.h"
#include "midillama/records/split.h"

#include <algorithm>
#include <string>

namespace midillama::serve {
namespace {

// The first clip of each piece, in file order. Lines that are no questions are of no matter here.
std::vector<records::Question> first_clips(const std::filesystem::path& data_dir) {
  std::vector<records::Question> clips;
  const auto file = records::split_file(data_dir, records::name(records::Split::test));
  if (!std::filesystem::exists(file)) return clips;
  const auto add = [&](records::Question question) {
    if (clips.empty() || clips.back().piece != question.piece) clips.push_back(std::move(question));
  };
  records::read_lines(file, {}, add, [](const std::string&, const std::string&) {});
  return clips;
}

}  // namespace

std::vector<Clip> example_clips(const std::filesystem::path& data_dir, std::size_t most) {
  const auto clips = first_clips(data_dir);
  const std::size_t count = std::min(most, clips.size());
  std::vector<Clip> examples;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& chosen = clips[i * clips.size() / count];
    try {
      examples.push_back({.id = {}, .name = chosen.piece, .score = midi::read_midi(data_dir / chosen.clip)});
    } catch (const Error& error) {
      log::warning("an example is left out: {}", error.what());
    }
  }
  return examples;
}

}  // namespace midillama::serve
