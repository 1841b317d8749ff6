// How much memory a step of align or sft needs, from the shapes alone: before a byte of weights is loaded.
//
// What a step holds at its peak, which is the end of the forward pass or the start of the backward pass:
//
//   process       LibTorch's libraries, on a GPU its context and its libraries' work space: constants, see memory_plan.cpp
//   weights       the frozen decoder, in llm.dtype
//   adapters      projector and LoRA, float32
//   gradients     of what trains, float32, in one tensor for the whole run; with train.deterministic_reduction ranks + 1 more
//   optimizer     AdamW's two moments, float32
//   activations   what the layers keep for the backward pass, see below
//   allocator     memory between the activations that cannot be used again at once: on a CPU two float32 rows of intermediate_size a token
//                 and block, which is what bench/compare_plan measures whatever trains; on a GPU an allowance of a tenth of them
//   logits        of the answer tokens, in slices (model/next_token_loss.h), at the end of the forward pass
//   backward      gradients in flight in one block, at the start of the backward pass
//
// Logits and backward are not there at the same time: the larger counts. The encoder runs before the decoder is loaded, so it counts only
// where it needs more than all of the above together.
//
// Activations. Examples are laid end to end without padding, so everything is counted by the token. With h hidden_size, q query size
// (heads · head_dim), k key size, f intermediate_size, w the width of llm.dtype in bytes, a block keeps for each token:
//
//   norms         w · 2h         the residual stream before each: what is normed is computed again
//   attention     w (2q + 2k)    rotated queries, keys and values, the output; and 4 bytes a head (log-sum-exp)
//   feed-forward  w · 2f         gate and up: their product is computed again
//   adapters      4 rank + d     of each adapted layer; d is a byte for each element of its input where lora.dropout > 0, else 0
//
// With train.activation_checkpointing all blocks together keep w · h each and one block's worth of the above.
// A frozen layer without an adapter keeps nothing. In the last block, what comes after the attention runs on the answer tokens only. The
// attention is assumed to run in a fused kernel, as it does on CPUs and for bfloat16 on GPUs.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/shapes/llama_config.h"
#include "midillama/shapes/musicbert_config.h"

#include <cstdint>
#include <string>

namespace midillama::shapes {

// One step of one rank.
struct Workload {
  config::Config config;  // resolved for the stage
  std::string stage;      // align, sft
  LlamaConfig llm;
  MusicBertConfig encoder;
  bool gpu = false;
  std::int64_t ranks = 1;
  std::int64_t tokens = 0;         // of one example, musical ones included
  std::int64_t answer_tokens = 0;  // of these, how many carry loss

  // From the config.json of llm.path and music_encoder.path. `tokens` 0: prompt.max_length; `answer_tokens` 0: generate.max_new_tokens;
  // neither is longer than the model's context. UsageError for a stage without a frozen decoder; InputError where a directory is missing or
  // its config.json is not understood.
  static Workload read(const config::Config& config, const std::string& stage, bool gpu, std::int64_t ranks, std::int64_t tokens = 0,
                       std::int64_t answer_tokens = 0);

  bool trains_lora() const { return stage == "sft"; }
  // Examples of one optimizer step on one rank.
  std::int64_t share() const { return (config.train.batch_size + ranks - 1) / ranks; }
  // Examples of one forward pass: train.micro_batch_size, or the whole share (with train.deterministic_reduction, of the global batch).
  std::int64_t micro_batch_size() const;
  // Tokens of a forward pass of so many examples, which train.micro_batch_tokens bounds: with it, shorter examples share a pass.
  std::int64_t tokens_at_once(std::int64_t micro_batch_size) const;
};

// Parameters by part. What trains is projector + lora.
struct ParameterCounts {
  std::int64_t llm = 0;
  std::int64_t projector = 0;
  std::int64_t lora = 0;  // 0 in align
  std::int64_t trained() const { return projector + lora; }
};
ParameterCounts count_parameters(const Workload& work);

// Bytes on one rank's device.
struct MemoryPlan {
  std::int64_t process = 0;
  std::int64_t weights = 0;
  std::int64_t adapters = 0;
  std::int64_t gradients = 0;
  std::int64_t optimizer = 0;
  std::int64_t activations = 0;
  std::int64_t allocator = 0;
  std::int64_t logits = 0;
  std::int64_t backward = 0;
  std::int64_t encoder = 0;  // weights and work space of the music encoder, before the decoder is loaded

  std::int64_t total() const;
};
MemoryPlan plan_memory(const Workload& work, std::int64_t micro_batch_size);

// The most examples, up to the rank's share, whose forward pass fits into `memory` bytes; 0 where not even one does.
std::int64_t largest_micro_batch(const Workload& work, std::int64_t memory);

// Bytes on disk that a stage's checkpoints take while the newest one is written.
std::int64_t checkpoint_bytes(const Workload& work);

// The plan as a table for a terminal, and as one object.
std::string plan_text(const Workload& work, std::int64_t memory);
OrderedJson plan_json(const Workload& work, std::int64_t memory);

}  // namespace midillama::shapes
