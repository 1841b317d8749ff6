#include "midillama/model/music_encoder.h"

#include "midillama/core/error.h"
#include "midillama/model/dtype.h"
#include "midillama/model/to_device.h"
#include "midillama/octuple/vocabulary.h"
#include "midillama/shapes/pieces.h"

#include <fmt/format.h>

#include <numeric>

namespace midillama::model {
namespace {

using octuple::kFields;
using octuple::Octuple;

// Some consecutive notes of a clip that go through the encoder together.
struct ClipWindow {
  std::size_t clip = 0;
  std::int64_t first_note = 0;  // in the clip
  std::vector<Octuple> notes;   // bars from 0

  std::int64_t octuples() const { return static_cast<std::int64_t>(notes.size()) + 2; }
};

void append_windows(std::size_t clip, std::span<const Octuple> notes, std::int64_t max_notes, std::vector<ClipWindow>& windows) {
  std::int64_t first = 0;
  for (std::vector<Octuple>& part : octuple::windows(notes, static_cast<std::size_t>(max_notes))) {
    const auto count = static_cast<std::int64_t>(part.size());
    windows.push_back({clip, first, std::move(part)});
    first += count;
  }
}

// [windows, longest, 8] int64, padded on the right. The windows are sorted by length.
torch::Tensor pad(std::span<const ClipWindow> windows) {
  torch::Tensor ids =
      torch::full({static_cast<std::int64_t>(windows.size()), windows.back().octuples(), kFields}, octuple::kPadId, torch::kInt64);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const std::vector<std::int64_t> row = octuple::to_ids(windows[i].notes);
    std::ranges::copy(row, ids[static_cast<std::int64_t>(i)].mutable_data_ptr<std::int64_t>());
  }
  return ids;
}

// How many of the windows, sorted by length, one forward pass takes.
std::size_t batch_length(std::span<const ClipWindow> windows) {
  std::size_t count = 1;
  while (count < windows.size() && static_cast<std::int64_t>(count + 1) * windows[count].octuples() <= shapes::kEncoderOctuplesAtOnce)
    ++count;
  return count;
}

// The first note of span `index` of `spans` spans of equally many notes, the longer ones first.
std::int64_t span_begin(std::int64_t index, std::int64_t spans, std::int64_t notes) {
  return index * (notes / spans) + std::min(index, notes % spans);
}

}  // namespace

MusicEncoder::MusicEncoder(const config::MusicEncoder& config, torch::Device device) : config_(config), device_(device) {
  if (config.pooling != "mean" && config.pooling != "none") {
    throw Error(fmt::format("music_encoder.pooling: \"{}\" is unknown, \"mean\" and \"none\" are possible", config.pooling));
  }
  if (config.tokens < 1) throw Error(fmt::format("music_encoder.tokens: must be at least 1, is {}", config.tokens));
  encoder_ = load_musicbert(config.path, device, dtype_from_name(config.dtype));
}

std::int64_t MusicEncoder::hidden_size() const {
  return encoder_->config.hidden_size;
}
std::int64_t MusicEncoder::tokens() const {
  return config_.tokens;
}

std::vector<torch::Tensor> MusicEncoder::vectors(std::span<const std::vector<Octuple>> clips) {
  return config_.pooling == "mean" ? encode(clips).unbind(0) : note_vectors(clips);
}

std::vector<torch::Tensor> MusicEncoder::note_vectors(std::span<const std::vector<Octuple>> clips) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> notes;
  for (const auto& clip : clips) notes.push_back(torch::empty({static_cast<std::int64_t>(clip.size()), hidden_size()}));
  for_each_window(clips, [&](std::size_t clip, std::int64_t first_note, const torch::Tensor& vectors) {
    notes[clip].narrow(0, first_note, vectors.size(0)).copy_(vectors);
  });
  return notes;
}

torch::Tensor MusicEncoder::spans(std::int64_t notes) const {
  const torch::Tensor members = torch::zeros({config_.tokens, notes});
  for (std::int64_t span = 0; span < config_.tokens; ++span) {
    const std::int64_t begin = span_begin(span, config_.tokens, notes);
    members[span].narrow(0, begin, span_begin(span + 1, config_.tokens, notes) - begin).fill_(1);
  }
  return members;
}

torch::Tensor MusicEncoder::encode(std::span<const std::vector<Octuple>> clips) {
  if (config_.pooling != "mean") throw Error("music_encoder.pooling is none: there is no vector of a whole clip");
  const torch::NoGradGuard no_grad;
  torch::Tensor sums = torch::zeros({static_cast<std::int64_t>(clips.size()), config_.tokens, hidden_size()}, device_);
  for_each_window(clips, [&](std::size_t clip, std::int64_t first_note, const torch::Tensor& vectors) {
    add_to_spans(vectors, first_note, static_cast<std::int64_t>(clips[clip].size()), sums[static_cast<std::int64_t>(clip)]);
  });
  return mean(sums, clips);
}

void MusicEncoder::for_each_window(std::span<const std::vector<Octuple>> clips, const OnVectors& on_vectors) {
  const std::int64_t max_notes = encoder_->config.max_octuples() - 2;
  std::vector<ClipWindow> windows;
  for (std::size_t clip = 0; clip < clips.size(); ++clip) {
    if (clips[clip].empty()) throw Error(fmt::format("clip {} has no notes: it cannot be encoded", clip));
    append_windows(clip, clips[clip], max_notes, windows);
  }
  std::ranges::stable_sort(windows, {}, &ClipWindow::octuples);
  for (std::span<const ClipWindow> rest = windows; !rest.empty();) {
    const auto batch = rest.first(batch_length(rest));
    const torch::Tensor vectors = octuple_vectors(pad(batch));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      // <s> comes before the first note, </s> after the last.
      const torch::Tensor notes = vectors[static_cast<std::int64_t>(i)].narrow(0, 1, batch[i].octuples() - 2);
      on_vectors(batch[i].clip, batch[i].first_note, notes);
    }
    rest = rest.subspan(batch.size());
  }
}

torch::Tensor MusicEncoder::octuple_vectors(const torch::Tensor& ids) {
  const torch::Tensor hidden_states = encoder_->forward(to_device(ids, device_));
  if (config_.hidden_states != "after_upsampling") return hidden_states.to(torch::kFloat32);
  return encoder_->upsample(hidden_states).to(torch::kFloat32).mean(2);
}

void MusicEncoder::add_to_spans(const torch::Tensor& vectors, std::int64_t first_note, std::int64_t clip_notes,
                                const torch::Tensor& sums) const {
  for (std::int64_t span = 0; span < config_.tokens; ++span) {
    const std::int64_t begin = std::max(span_begin(span, config_.tokens, clip_notes), first_note);
    const std::int64_t end = std::min(span_begin(span + 1, config_.tokens, clip_notes), first_note + vectors.size(0));
    if (begin < end) sums[span] += vectors.narrow(0, begin - first_note, end - begin).sum(0);
  }
}

torch::Tensor MusicEncoder::mean(const torch::Tensor& sums, std::span<const std::vector<Octuple>> clips) const {
  torch::Tensor counts = torch::empty({sums.size(0), config_.tokens, 1});
  auto access = counts.accessor<float, 3>();
  for (std::size_t clip = 0; clip < clips.size(); ++clip) {
    const auto notes = static_cast<std::int64_t>(clips[clip].size());
    for (std::int64_t span = 0; span < config_.tokens; ++span) {
      const std::int64_t count = span_begin(span + 1, config_.tokens, notes) - span_begin(span, config_.tokens, notes);
      access[static_cast<std::int64_t>(clip)][span][0] = static_cast<float>(std::max<std::int64_t>(count, 1));
    }
  }
  return sums.to(torch::kCPU) / counts;
}

}  // namespace midillama::model
