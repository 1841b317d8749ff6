// The kinds of projector, as far as they can be known without LibTorch. What each computes is in model (see model/projector.h).
#pragma once

#include "midillama/config/schema.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace midillama::config {

struct ProjectorKind {
  std::string_view name;
  // Whether it takes the encoder's states as they are (music_encoder.pooling: none), a vector a note, or else pooled ones.
  bool takes_notes = false;
  // For vectors of size M and a decoder of hidden size T.
  std::int64_t (*parameters)(const Projector& projector, std::int64_t music_size, std::int64_t hidden_size);
  // How many musical tokens a clip of so many vectors becomes.
  std::int64_t (*tokens)(const Projector& projector, std::int64_t vectors);
};

std::span<const ProjectorKind> projector_kinds();
// Nothing where there is none of that name.
const ProjectorKind* find_projector_kind(std::string_view name);

// Of the inner layer of kind mlp.
std::int64_t inner_size(const Projector& projector, std::int64_t hidden_size);

// Of kind attention: heads of 64 entries, as many as vectors of size M have room for; one smaller head where they have none.
struct AttentionHeads {
  std::int64_t count = 1;
  std::int64_t size = 0;
};
AttentionHeads attention_heads(std::int64_t music_size);

}  // namespace midillama::config
