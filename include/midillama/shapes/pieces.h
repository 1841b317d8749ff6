// How much the models compute at a time. They keep to these sizes, and the memory plan counts with them.
#pragma once

#include <cstdint>

namespace midillama::shapes {

// Logits of one slice of the loss (model/next_token_loss.h). A GPU reads all of the output matrix for each slice.
constexpr std::int64_t logits_at_once(bool gpu) {
  return (gpu ? 128 : 16) << 20;
}
// Octuples of one forward pass of the music encoder, padding included (model/music_encoder.h).
inline constexpr std::int64_t kEncoderOctuplesAtOnce = 8192;

}  // namespace midillama::shapes
