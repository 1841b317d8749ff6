// Any bytes as a safetensors file -> tensors. Errors must be typed, and every tensor that is named can be read.
#include "input_file.h"
#include "midillama/weights/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midillama;
  try {
    for (const auto& [name, tensor] : weights::read_safetensors(fuzz::as_file(data, size, "fuzz.safetensors"))) {
      (void)tensor.to(torch::kFloat64).sum().item<double>();
    }
  } catch (const InputError&) {
  }
  return 0;
}
