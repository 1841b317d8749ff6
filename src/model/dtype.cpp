#include "midillama/model/dtype.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

namespace midillama::model {

torch::ScalarType dtype_from_name(const std::string& name) {
  if (name == "float32") return torch::kFloat32;
  if (name == "bfloat16") return torch::kBFloat16;
  throw Error(fmt::format("the dtype \"{}\" is unknown: float32 and bfloat16 are possible", name));
}

}  // namespace midillama::model
