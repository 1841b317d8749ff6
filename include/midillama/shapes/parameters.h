// How many parameters a model has, from its shape alone.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/shapes/llama_config.h"
#include "midillama/shapes/musicbert_config.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::shapes {

// One of the linear layers of a Llama block: W is [out, in].
struct LinearShape {
  std::string name;  // q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj
  std::int64_t in = 0;
  std::int64_t out = 0;
};

// The seven linear layers of one block, in the order in which they are computed.
std::vector<LinearShape> block_linears(const LlamaConfig& llm);

// Whether the configuration adapts the layer.
bool is_adapted(const config::Lora& lora, const LinearShape& linear);

std::int64_t count_parameters(const LlamaConfig& llm);

// Weights of the decoder's matrices that a pass of training meets, for each token and for each target: after the last block's attention
// only the tokens that predict one go on.
struct MetWeights {
  std::int64_t per_token = 0;
  std::int64_t per_target = 0;
};
MetWeights met_weights(const LlamaConfig& llm);
std::int64_t count_parameters(const MusicBertConfig& encoder);
// From vectors of size M to a decoder of hidden size T.
std::int64_t count_projector_parameters(const config::Projector& projector, std::int64_t music_size, std::int64_t hidden_size);
// A [rank, in] and B [out, rank] of every adapted layer.
std::int64_t count_lora_parameters(const LlamaConfig& llm, const config::Lora& lora);

}  // namespace midillama::shapes
