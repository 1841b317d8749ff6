#include "midillama/data/clip_inputs.h"

#include "midillama/core/error.h"
#include "midillama/core/hash.h"
#include "midillama/data/clip_notes.h"
#include "midillama/midi/file.h"
#include "midillama/music/clip_text.h"

#include <set>

namespace midillama::data {
namespace fs = std::filesystem;

ClipInputs::ClipInputs(const config::Config& config, const text::PromptTemplate& prompt, std::span<const fs::path> clips,
                       torch::Device device) {
  if (prompt.has_music()) fingerprint_ = embeddings_.emplace(config, clips, device).fingerprint();
  if (!prompt.has_notes()) return;
  const std::set<fs::path> distinct(clips.begin(), clips.end());
  const std::vector<fs::path> files(distinct.begin(), distinct.end());
  const auto texts = write_clips(config.prompt, files);
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

std::vector<std::string> write_clips(const config::Prompt& config, std::span<const fs::path> clips) {
  const music::ClipText& writer = music::clip_text_from_name(config.notes);
  std::vector<std::string> texts(clips.size());
  for_each_clip(clips, [&](std::size_t i) {
    texts[i] = writer.write(midi::read_midi(clips[i]));
    if (texts[i].empty()) throw InputError(clips[i].string(), "", "the clip has no notes");
  });
  return texts;
}

}  // namespace midillama::data
