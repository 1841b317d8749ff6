// Clips to vectors: windows → MusicBERT → the mean over the notes, or a vector a note.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/musicbert.h"
#include "midillama/octuple/octuple.h"

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace midillama::model {

// The frozen encoder with its pooling.
class MusicEncoder {
 public:
  // Loads config.path. `config.tokens` = K vectors a clip: the clip is cut into K spans of equally many notes (sizes differing by at most
  // one, the longer ones first), each pooled on its own; a span without notes (a clip of fewer than K) is zero. config.hidden_states
  // "after_upsampling" pools the eight vectors that the upsampling layer makes of each note.
  MusicEncoder(const config::MusicEncoder& config, torch::Device device);

  std::int64_t hidden_size() const;
  std::int64_t tokens() const;

  // What config.pooling asks for, float32 on the CPU: [K, hidden_size] of encode(), or for "none" [notes, hidden_size], a vector a note.
  std::vector<torch::Tensor> vectors(std::span<const std::vector<octuple::Octuple>> clips);
  // A vector a note whatever the pooling, [notes, hidden_size] float32 on the CPU.
  std::vector<torch::Tensor> note_vectors(std::span<const std::vector<octuple::Octuple>> clips);
  // Which notes of a clip are pooled together: [K, notes] float32, 1 where the note is of the span, 0 elsewhere.
  torch::Tensor spans(std::int64_t notes) const;

  // One clip's sorted notes each; an empty clip is an Error, and so is pooling "none". → [clips, K, hidden_size] float32 on the CPU. Clips
  // are encoded in batches sorted by length; a clip longer than a window (octuple::windows, or what the position table holds) is encoded
  // window by window and pooled over all its notes (<s>, </s> and padding excluded).
  torch::Tensor encode(std::span<const std::vector<octuple::Octuple>> clips);

 private:
  // Called with a clip's index, the number of a note in it, and the vectors [notes, hidden_size] of the notes from there on, of every
  // window in turn.
  using OnVectors = std::function<void(std::size_t clip, std::int64_t first_note, const torch::Tensor& vectors)>;
  void for_each_window(std::span<const std::vector<octuple::Octuple>> clips, const OnVectors& on_vectors);
  // ids [batch, octuples, 8] → [batch, octuples, hidden_size] float32, one vector an octuple.
  torch::Tensor octuple_vectors(const torch::Tensor& ids);
  // Adds the vectors of notes from the clip's note `first_note` on to the clip's spans [K, hidden_size].
  void add_to_spans(const torch::Tensor& vectors, std::int64_t first_note, std::int64_t clip_notes, const torch::Tensor& sums) const;
  torch::Tensor mean(const torch::Tensor& sums, std::span<const std::vector<octuple::Octuple>> clips) const;

  config::MusicEncoder config_;
  torch::Device device_;
  MusicBert encoder_{nullptr};
};

}  // namespace midillama::model
