// Numbers that are finite. A run that diverges must not leave them to others: the readers and writers of this room refuse NaN and infinity.
#pragma once

#include "midillama/core/error.h"
#include "midillama/weights/safetensors.h"

#include <torch/types.h>

#include <filesystem>
#include <string>

namespace midillama::weights {

// Whether no element is NaN or infinite; true for integers. On the CPU, one pass.
bool is_finite(const torch::Tensor& tensor);

// The error of a tensor of a file that is not finite.
InputError not_finite(const std::filesystem::path& file, const std::string& name);

// The error of a finite number that is infinite as `dtype`.
InputError too_large(const std::filesystem::path& file, const std::string& name, torch::ScalarType dtype);

// not_finite() of the first such tensor of the file. For files that are passed on without being read.
void require_finite(const SafetensorsFile& file);

}  // namespace midillama::weights
