#include "midillama/config/projector_kinds.h"

#include <algorithm>

namespace midillama::config {
namespace {

constexpr std::int64_t linear_layer(std::int64_t in, std::int64_t out) {
  return in * out + out;
}

std::int64_t linear(const Projector&, std::int64_t music_size, std::int64_t hidden_size) {
  return linear_layer(music_size, hidden_size);
}

std::int64_t mlp(const Projector& projector, std::int64_t music_size, std::int64_t hidden_size) {
  const std::int64_t inner = inner_size(projector, hidden_size);
  return linear_layer(music_size, inner) + linear_layer(inner, hidden_size);
}

std::int64_t attention(const Projector& projector, std::int64_t music_size, std::int64_t hidden_size) {
  const auto [count, size] = attention_heads(music_size);
  const std::int64_t inner = count * size;
  return projector.queries * inner + linear_layer(music_size, 2 * inner) + linear_layer(inner, hidden_size);
}

std::int64_t one_each(const Projector&, std::int64_t vectors) {
  return vectors;
}

std::int64_t one_a_query(const Projector& projector, std::int64_t) {
  return projector.queries;
}

constexpr ProjectorKind kKinds[] = {
    {"linear", false, linear, one_each}, {"mlp", false, mlp, one_each}, {"attention", true, attention, one_a_query}};

}  // namespace

std::span<const ProjectorKind> projector_kinds() {
  return kKinds;
}

const ProjectorKind* find_projector_kind(std::string_view name) {
  const auto* row = std::ranges::find(kKinds, name, &ProjectorKind::name);
  return row == std::end(kKinds) ? nullptr : row;
}

std::int64_t inner_size(const Projector& projector, std::int64_t hidden_size) {
  return projector.hidden_size > 0 ? projector.hidden_size : hidden_size;
}

AttentionHeads attention_heads(std::int64_t music_size) {
  constexpr std::int64_t kHeadSize = 64;
  const std::int64_t count = std::max<std::int64_t>(1, music_size / kHeadSize);
  return {count, std::min(music_size, kHeadSize)};
}

}  // namespace midillama::config
