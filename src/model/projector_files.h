// The safetensors files of a projector.
#pragma once

#include "midillama/weights/safetensors.h"

#include <filesystem>
#include <string>

namespace midillama::model {

void write_projector(const std::filesystem::path& file, const std::string& kind, const weights::TensorMap& tensors);

// Into `tensors`. InputError where the file is of another kind, or its names and shapes are others.
void read_projector(const std::filesystem::path& file, const std::string& kind, const weights::TensorMap& tensors);

}  // namespace midillama::model
