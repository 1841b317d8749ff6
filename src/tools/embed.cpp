#include "midillama/tools/embed.h"

#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/progress.h"
#include "midillama/core/replaceable.h"
#include "midillama/midi/file.h"
#include "midillama/model/music_encoder.h"
#include "midillama/octuple/file.h"
#include "midillama/weights/safetensors.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace midillama::tools {
namespace {

struct Clip {
  std::string file;
  std::vector<octuple::Octuple> notes;
  std::string mistake;
};

Clip read_clip(const std::filesystem::path& file) {
  Clip clip{.file = file.string(), .notes = {}, .mistake = {}};
  try {
    clip.notes = octuple::require_notes(file);
  } catch (const Error& error) {
    clip.mistake = error.what();
  }
  return clip;
}

weights::TensorMap of_clips(std::span<const torch::Tensor> vectors) {
  const torch::Tensor joined = at::stack(at::TensorList(vectors.data(), vectors.size()));
  return {{"embeddings", joined.size(1) == 1 ? joined.squeeze(1) : joined}};
}

weights::TensorMap of_notes(std::span<const torch::Tensor> vectors) {
  std::vector<std::int64_t> counts;
  for (const torch::Tensor& clip : vectors) counts.push_back(clip.size(0));
  return {{"embeddings", at::cat(at::TensorList(vectors.data(), vectors.size()))}, {"notes", torch::tensor(counts, torch::kInt64)}};
}

}  // namespace

Embedded embed(const config::Config& config, std::span<const std::filesystem::path> files, const std::filesystem::path& out,
               torch::Device device) {
  for (const auto& file : files) {
    if (is_same_file(file, out)) throw UsageError(fmt::format("--out: {} is one of the files that are to be embedded", out.string()));
  }
  constexpr std::size_t kHeaderLength = 8;
  require_replaceable(out, "file of embeddings", R"({"__metadata__":{"files":)", kHeaderLength);
  std::vector<Clip> clips(files.size());
  parallel_for("reading clips", files.size(), [&](std::size_t i) { clips[i] = read_clip(files[i]); });

  std::vector<std::string> names;
  std::vector<std::vector<octuple::Octuple>> notes;
  for (auto& clip : clips) {
    if (!clip.mistake.empty()) {
      log::warning("skipped: {}", clip.mistake);
      continue;
    }
    names.push_back(std::move(clip.file));
    notes.push_back(std::move(clip.notes));
  }
  if (notes.empty()) throw Error(fmt::format("none of the {} files can be used; nothing was written", files.size()));

  const Progress progress = Progress::when_long(fmt::format("encoding {} clips", notes.size()));
  const auto vectors = model::MusicEncoder(config.music_encoder, device).vectors(notes);
  weights::write_safetensors(out, config.music_encoder.pooling == "none" ? of_notes(vectors) : of_clips(vectors),
                             {{"files", Json(names).dump(-1, ' ', false, Json::error_handler_t::replace)}});
  return {.files = names.size(), .skipped = files.size() - names.size()};
}

}  // namespace midillama::tools
