// The dtypes that a configuration can name.
#pragma once

#include <torch/types.h>

#include <string>

namespace midillama::model {

// "float32" or "bfloat16"; Error otherwise.
torch::ScalarType dtype_from_name(const std::string& name);

}  // namespace midillama::model
