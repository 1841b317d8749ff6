// Attention pooling: learned queries look at a clip's notes, each becomes a musical token.
#pragma once

#include "midillama/model/projector.h"

namespace midillama::model {

// One layer of multi-head cross attention (Vaswani et al. 2017) from projector.queries = Q learned queries to a vector a note, as the
// resamplers of Flamingo (Alayrac et al. 2022) and the Q-Former of BLIP-2 (Li et al. 2023) have it, without their further layers: equal to
// torch.nn.MultiheadAttention without projections of queries and output, and a linear layer E → T after it. Vectors are whitened, not
// layer-normalised, so that a head which looks at all notes alike is the linear kind's mean over the notes. Heads have 64 entries
// (config/projector_kinds.h): E = 64 · heads, at most M.
//
// Parameters `queries` [Q, E], `key_value.weight` [2 E, M] (keys, then values), `key_value.bias` [2 E] (the keys' part, the same number for
// every note, has no effect), `out.weight` [T, E], `out.bias` [T].
std::shared_ptr<Projector> make_attention_projector(const config::Projector& config, std::int64_t music_size, std::int64_t hidden_size,
                                                    const at::Generator& generator);

}  // namespace midillama::model
