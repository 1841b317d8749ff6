#include "data/embedding_cache.h"

#include "midillama/core/file.h"
#include "midillama/core/hash.h"
#include "midillama/core/log.h"
#include "midillama/weights/safetensors.h"

#include <fmt/format.h>

namespace midillama::data {
namespace fs = std::filesystem;
namespace {

// To be raised with every change of what midi::read_midi and octuple::encode make of a file.
constexpr int kNotesVersion = 1;

std::string_view bytes_of(const torch::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string content_of(const torch::Tensor& embeddings, const torch::Tensor& notes) {
  return fingerprint(bytes_of(embeddings)) + fingerprint(bytes_of(notes));
}

// Throws where the file does not hold together.
CachedClips parse(weights::TensorMap& tensors, const weights::Metadata& metadata, const std::string& key) {
  if (metadata.at("encoder") != key) throw Error("it belongs to another encoder");
  const bool are_pooled = !tensors.contains("states");
  const torch::Tensor& embeddings = tensors.at(are_pooled ? "embeddings" : "states");
  const torch::Tensor& notes = tensors.at("notes");
  const Json names = Json::parse(metadata.at("clips"));
  if (embeddings.dim() != (are_pooled ? 3 : 2) || embeddings.scalar_type() != torch::kFloat32 || notes.scalar_type() != torch::kInt64 ||
      notes.numel() != static_cast<std::int64_t>(names.size()) ||
      embeddings.size(0) != (are_pooled ? notes.numel() : notes.sum().item<std::int64_t>())) {
    throw Error("its parts do not fit together");
  }
  if (metadata.at("content") != content_of(embeddings, notes)) throw Error("its content has changed");
  const std::vector<std::int64_t> counts(notes.const_data_ptr<std::int64_t>(), notes.const_data_ptr<std::int64_t>() + notes.numel());
  const auto parts = are_pooled ? embeddings.unbind(0) : embeddings.split_with_sizes(counts);
  CachedClips clips;
  for (std::size_t i = 0; i < parts.size(); ++i) clips[names[i].get<std::string>()] = {parts[i], counts[i]};
  return clips;
}

}  // namespace

std::string encoder_key(const config::MusicEncoder& config) {
  Json parts = {kNotesVersion, config.pooling, config.tokens, config.hidden_states, config.dtype};
  std::vector<fs::path> files;
  if (!fs::is_directory(config.path)) {
    throw InputError(
        config.path, "",
        "is no folder (music_encoder.path): a MusicBERT directory is needed; `midillama train --stage pretrain-encoder` makes one");
  }
  for (const auto& entry : fs::directory_iterator(config.path)) {
    const auto extension = entry.path().extension();
    if (extension == ".json" || extension == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) parts.push_back(fingerprint_file(file));
  return fingerprint(parts.dump());
}

fs::path cache_file(const config::Config& config, const std::string& key) {
  return fs::path(config.run.dir) / "cache" / fmt::format("clip-embeddings-{}.safetensors", key.substr(0, 16));
}

CachedClips read_cache(const fs::path& file, const std::string& key) {
  if (!fs::exists(file)) return {};
  try {
    auto tensors = weights::read_safetensors(file);
    return parse(tensors, weights::SafetensorsFile(file).metadata(), key);
  } catch (const std::exception& error) {
    log::warning("{}: the cache of clip embeddings cannot be used, the clips are encoded again ({})", file.string(), error.what());
    return {};
  }
}

void write_cache(const fs::path& file, const std::string& key, const CachedClips& clips, bool are_pooled) {
  std::vector<torch::Tensor> embeddings;
  std::vector<std::int64_t> notes;
  Json names = Json::array();
  for (const auto& [name, clip] : clips) {
    names.push_back(name);
    embeddings.push_back(clip.embedding);
    notes.push_back(clip.notes);
  }
  const torch::Tensor joined = (are_pooled ? torch::stack(embeddings) : torch::cat(embeddings)).contiguous();
  const torch::Tensor counts = torch::tensor(notes, torch::kInt64);
  fs::create_directories(file.parent_path());
  if (fs::exists(file) && !fs::is_regular_file(file)) fs::remove(file);  // a pipe would take what nobody reads
  weights::write_safetensors(file, {{are_pooled ? "embeddings" : "states", joined}, {"notes", counts}},
                             {{"encoder", key}, {"clips", names.dump()}, {"content", content_of(joined, counts)}});
}

}  // namespace midillama::data
