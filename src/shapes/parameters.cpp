#include "midillama/shapes/parameters.h"

#include "midillama/config/projector_kinds.h"
#include "midillama/core/error.h"
#include "midillama/octuple/octuple.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::shapes {

std::vector<LinearShape> block_linears(const LlamaConfig& llm) {
  const std::int64_t queries = llm.num_attention_heads * llm.head_dim;
  const std::int64_t keys = llm.num_key_value_heads * llm.head_dim;
  return {{"q_proj", llm.hidden_size, queries},
          {"k_proj", llm.hidden_size, keys},
          {"v_proj", llm.hidden_size, keys},
          {"o_proj", queries, llm.hidden_size},
          {"gate_proj", llm.hidden_size, llm.intermediate_size},
          {"up_proj", llm.hidden_size, llm.intermediate_size},
          {"down_proj", llm.intermediate_size, llm.hidden_size}};
}

bool is_adapted(const config::Lora& lora, const LinearShape& linear) {
  return std::ranges::find(lora.target_modules, linear.name) != lora.target_modules.end();
}

std::int64_t count_parameters(const LlamaConfig& llm) {
  std::int64_t block = 2 * llm.hidden_size;  // the two norms
  for (const LinearShape& linear : block_linears(llm)) block += linear.in * linear.out;
  const std::int64_t tables = (llm.tie_word_embeddings ? 1 : 2) * llm.vocab_size * llm.hidden_size;
  return tables + llm.num_hidden_layers * block + llm.hidden_size;
}

MetWeights met_weights(const LlamaConfig& llm) {
  MetWeights met{0, llm.vocab_size * llm.hidden_size};
  for (const LinearShape& linear : block_linears(llm)) {
    const std::int64_t weights = linear.in * linear.out;
    const bool before_attention = linear.name == "q_proj" || linear.name == "k_proj" || linear.name == "v_proj";
    met.per_token += (before_attention ? llm.num_hidden_layers : llm.num_hidden_layers - 1) * weights;
    if (!before_attention) met.per_target += weights;
  }
  return met;
}

std::int64_t count_parameters(const MusicBertConfig& encoder) {
  const std::int64_t size = encoder.hidden_size, fields = octuple::kFields;
  const auto linear = [](std::int64_t in, std::int64_t out) { return in * out + out; };
  const std::int64_t norm = 2 * size;
  const std::int64_t block =
      4 * linear(size, size) + linear(size, encoder.intermediate_size) + linear(encoder.intermediate_size, size) + 2 * norm;
  return (encoder.vocab_size + encoder.max_position_embeddings) * size + linear(fields * size, size) + linear(size, fields * size) + norm +
         encoder.num_hidden_layers * block;
}

std::int64_t count_projector_parameters(const config::Projector& projector, std::int64_t music_size, std::int64_t hidden_size) {
  const config::ProjectorKind* kind = config::find_projector_kind(projector.kind);
  if (!kind) throw ConfigError({fmt::format("projector.kind: \"{}\" is unknown", projector.kind)});
  return kind->parameters(projector, music_size, hidden_size);
}

std::int64_t count_lora_parameters(const LlamaConfig& llm, const config::Lora& lora) {
  std::int64_t block = 0;
  for (const LinearShape& linear : block_linears(llm)) {
    if (is_adapted(lora, linear)) block += lora.rank * (linear.in + linear.out);
  }
  return llm.num_hidden_layers * block;
}

}  // namespace midillama::shapes
