// Two linear layers with an exact (erf) GELU between them: M → inner → T.
#pragma once

#include "midillama/model/projector.h"

namespace midillama::model {

// Parameters `fc1.weight` [inner, M], `fc1.bias`, `fc2.weight` [T, inner], `fc2.bias`. The inner size is projector.hidden_size, or T where
// that is 0.
std::shared_ptr<Projector> make_mlp_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                              const at::Generator& generator);

}  // namespace midillama::model
