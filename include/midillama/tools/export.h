// A checkpoint made ready for others.
#pragma once

#include "midillama/config/schema.h"

#include <filesystem>

namespace midillama::tools {

// Writes the directory `directory`: projector.safetensors and adapter/ (where there is one) as in `checkpoint`, config.yaml (the whole
// configuration), README.md (a model card: encoder and decoder with their fingerprints, how to use the files with midillama and with
// transformers and peft). It can be used as a checkpoint. InputError where `directory` holds anything, or the checkpoint does not belong to
// the configuration's encoder and decoder; nothing is written then.
void export_checkpoint(const config::Config& config, const std::filesystem::path& checkpoint, const std::filesystem::path& directory);

}  // namespace midillama::tools
