// Which layers of a decoder a list of target modules names.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/model/llama.h"
#include "midillama/model/lora.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace midillama::model {

// The seven linear layers of a Llama block: what PEFT's "all-linear" means here.
std::vector<std::string> all_linear_names();

// Hugging Face name and layer of every linear layer that is called, or whose name ends in ".", one of `targets` (PEFT's rule for a list).
// Error for a target that names no layer, or one that takes no adapter here (lm_head, embed_tokens).
std::vector<std::pair<std::string, LoraLinear>> lora_targets(LlamaImpl& llama, const std::vector<std::string>& targets);

// An adapter for each of `lora`'s targets, drawn from `seed`. Error as above.
void add_adapters(LlamaImpl& llama, const config::Lora& lora, std::uint64_t seed);

}  // namespace midillama::model
