// Whether answers given before are the answers that would be given now.
#pragma once

#include "midillama/config/schema.h"

#include <filesystem>
#include <string>

namespace midillama::eval {

// Of everything that answers to a split's questions depend on but the task and what is heard: checkpoint and questions by content, the
// decoder's files by name, size and time (they may be large), the clip embeddings by `embeddings` (data::ClipEmbeddings::fingerprint), the
// settings by value.
std::string answers_fingerprint(const config::Config& config, const std::filesystem::path& checkpoint, const std::string& split,
                                const std::string& embeddings);

}  // namespace midillama::eval
