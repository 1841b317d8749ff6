#include "midillama/data/clip_inputs.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"
#include "midillama/data/clip_notes.h"
#include "midillama/midi/file.h"
#include "midillama/music/clip_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace midillama::data {
namespace fs = std::filesystem;
namespace {

struct WrittenClip {
  std::string text;
  std::int64_t tokens = 0;
  std::int64_t notes = 0, lost_notes = 0;
  std::size_t measures = 0, left_out = 0;
};

WrittenClip write_clip(const config::Prompt& config, const fs::path& file, const music::CountTokens& count) {
  const auto notation = music::clip_text_from_name(config.notes).write(midi::read_midi(file), {.grid = static_cast<int>(config.grid)});
  if (notation.notes == 0) throw InputError(file.string(), "", "the clip has no notes");
  const std::size_t measures = music::measures_within(notation, config.notes_tokens, count);
  WrittenClip clip{.text = notation.text(measures),
                   .notes = notation.notes,
                   .lost_notes = notation.lost_notes,
                   .measures = notation.measures(),
                   .left_out = notation.measures() - measures};
  clip.tokens = count(clip.text);
  return clip;
}

// "5,959 clips as abc have 68 to 582 tokens, 131 in the middle; 12 of their 467,510 notes are lost; 40 of 102,331 measures are left out, of
// 7 clips"
void report(const config::Prompt& config, std::vector<WrittenClip> clips) {
  if (clips.empty()) return;
  std::ranges::sort(clips, {}, &WrittenClip::tokens);
  WrittenClip sum;
  std::int64_t cut_clips = 0;
  for (const WrittenClip& clip : clips) {
    sum.notes += clip.notes;
    sum.lost_notes += clip.lost_notes;
    sum.measures += clip.measures;
    sum.left_out += clip.left_out;
    if (clip.left_out > 0) ++cut_clips;
  }
  const auto commas = [](auto count) { return with_commas(static_cast<std::int64_t>(count)); };
  log::info("{} clips as {} have {} to {} tokens, {} in the middle; {} of their {} notes are lost; {} of {} measures are left out{}",
            commas(clips.size()), config.notes, commas(clips.front().tokens), commas(clips.back().tokens),
            commas(clips[clips.size() / 2].tokens), commas(sum.lost_notes), commas(sum.notes), commas(sum.left_out), commas(sum.measures),
            cut_clips > 0 ? fmt::format(" of {} clips (prompt.notes_tokens {})", commas(cut_clips), config.notes_tokens) : "");
}

// Those of which not even the first measure is within prompt.notes_tokens.
void report_silent(const config::Prompt& config, std::span<const fs::path> files, std::span<const WrittenClip> clips) {
  std::int64_t silent = 0;
  fs::path first;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (clips[i].left_out == clips[i].measures && silent++ == 0) first = files[i];
  }
  if (silent == 0) return;
  log::warning("{} of {} clips are heard as nothing: their first measure alone is longer than prompt.notes_tokens {}; the first: {}",
               with_commas(silent), with_commas(std::ssize(clips)), config.notes_tokens, first.string());
}

}  // namespace

ClipInputs::ClipInputs(const config::Config& config, const text::PromptTemplate& prompt, std::span<const fs::path> clips,
                       torch::Device device) {
  if (prompt.has_music()) fingerprint_ = embeddings_.emplace(config, clips, device).fingerprint();
  if (!prompt.has_notes()) return;
  const std::set<fs::path> distinct(clips.begin(), clips.end());
  const std::vector<fs::path> files(distinct.begin(), distinct.end());
  const auto texts = write_clips(config.prompt, files, [&](std::string_view text) { return std::ssize(prompt.tokenizer().encode(text)); });
  std::string identity = fingerprint_;
  for (std::size_t i = 0; i < files.size(); ++i) {
    notes_[files[i]] = texts[i];
    identity += midillama::fingerprint(texts[i]);
  }
  fingerprint_ = midillama::fingerprint(identity);
}

torch::Tensor ClipInputs::music(const fs::path& clip) const {
  return embeddings_ ? embeddings_->at(clip) : torch::Tensor();
}

const std::string& ClipInputs::notes(const fs::path& clip) const {
  static const std::string none;
  const auto found = notes_.find(clip);
  if (found != notes_.end()) return found->second;
  if (!notes_.empty()) throw Error(clip.string() + ": the clip was not among those written as text");
  return none;
}

std::vector<std::string> write_clips(const config::Prompt& config, std::span<const fs::path> clips, const music::CountTokens& count) {
  std::vector<WrittenClip> written(clips.size());
  for_each_clip(clips, [&](std::size_t i) { written[i] = write_clip(config, clips[i], count); });
  std::vector<std::string> texts;
  for (const WrittenClip& clip : written) texts.push_back(clip.text);
  report_silent(config, clips, written);
  report(config, std::move(written));
  return texts;
}

}  // namespace midillama::data
