#include "midillama/data/clip_embeddings.h"

#include "data/embedding_cache.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/progress.h"
#include "midillama/data/clip_notes.h"
#include "midillama/model/music_encoder.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace midillama::data {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kChunk = 512;                 // clips encoded together
constexpr std::chrono::seconds kBetweenWrites{30};  // of the cache: a killed run loses what came after the last, and the chunk at work
constexpr int kLeastShare = 20;                     // writing takes at most this part of the time

std::vector<std::string> fingerprints_of(std::span<const fs::path> files) {
  std::vector<std::string> fingerprints(files.size());
  parallel_for("looking for clips in the cache", files.size(), [&](std::size_t i) { fingerprints[i] = fingerprint_file(files[i]); });
  return fingerprints;
}

// Encodes clips into `cached` under their fingerprints.
void encode(model::MusicEncoder& encoder, std::span<const fs::path> clips, std::span<const std::string> fingerprints, CachedClips& cached) {
  const auto notes = read_clip_notes(clips);
  const auto vectors = encoder.vectors(notes);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    cached[fingerprints[i]] = {vectors[i], static_cast<std::int64_t>(notes[i].size())};
  }
}

// Encodes every clip that `cached` lacks, and writes the cache. A run that was killed here goes on with whole chunks, so that its
// embeddings are the same to the bit.
void complete(const config::Config& config, torch::Device device, const std::string& key, std::span<const fs::path> clips,
              std::span<const std::string> fingerprints, CachedClips& cached) {
  std::vector<fs::path> missing;
  std::vector<std::string> missing_fingerprints;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (cached.contains(fingerprints[i]) || !seen.insert(fingerprints[i]).second) continue;
    missing.push_back(clips[i]);
    missing_fingerprints.push_back(fingerprints[i]);
  }
  if (missing.empty()) return;
  model::MusicEncoder encoder(config.music_encoder, device);
  Progress progress("encoding clips", missing.size());
  Clock::time_point next_write = Clock::now() + kBetweenWrites;
  for (std::size_t begin = 0; begin < missing.size(); begin += kChunk) {
    const std::size_t count = std::min(kChunk, missing.size() - begin);
    encode(encoder, std::span(missing).subspan(begin, count), std::span(missing_fingerprints).subspan(begin, count), cached);
    progress.update(begin + count);
    const bool last = begin + count == missing.size();
    if (const auto start = Clock::now(); last || start >= next_write) {
      write_cache(cache_file(config, key), key, cached, config.music_encoder.pooling != "none");
      const Clock::time_point end = Clock::now();
      next_write = end + std::max<Clock::duration>(kBetweenWrites, kLeastShare * (end - start));
    }
  }
}

}  // namespace

ClipEmbeddings::ClipEmbeddings(const config::Config& config, std::span<const fs::path> clips, torch::Device device) {
  const std::set<fs::path> distinct(clips.begin(), clips.end());
  const std::vector<fs::path> files(distinct.begin(), distinct.end());
  require_clips(files);
  const auto fingerprints = fingerprints_of(files);
  const std::string key = encoder_key(config.music_encoder);
  CachedClips cached = read_cache(cache_file(config, key), key);
  const std::size_t known = cached.size();
  complete(config, device, key, files, fingerprints, cached);

  std::string identity = key;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const CachedClip& clip = cached.at(fingerprints[i]);
    embeddings_[files[i]] = clip.embedding;
    notes_ += clip.notes;
    hidden_size_ = clip.embedding.size(1);
    if (config.music_encoder.pooling != "none") tokens_ = clip.embedding.size(0);
    identity += fingerprints[i];
  }
  fingerprint_ = midillama::fingerprint(identity);
  log::info("{} clips with {} notes: {} newly encoded, all notes of each seen by the encoder", files.size(), notes_, cached.size() - known);
}

torch::Tensor ClipEmbeddings::at(const fs::path& clip) const {
  const auto found = embeddings_.find(clip);
  if (found == embeddings_.end()) throw Error(clip.string() + ": the clip has no embedding: it was not among those encoded");
  return found->second;
}

torch::Tensor ClipEmbeddings::pooled(const fs::path& clip) const {
  return tokens_ > 0 ? at(clip).flatten() : at(clip).mean(0);
}

torch::Tensor ClipEmbeddings::mean() const {
  torch::Tensor sum = torch::zeros({pooled_size()}, torch::kFloat64);
  for (const auto& [clip, embedding] : embeddings_) sum += pooled(clip);
  return (sum / static_cast<double>(embeddings_.size())).to(torch::kFloat32).view({-1, hidden_size_});
}

}  // namespace midillama::data
