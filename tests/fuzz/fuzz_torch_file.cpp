// Any bytes as a file of torch.save -> values and tensors. Errors must be typed, and every tensor that is given can be read.
#include "input_file.h"
#include "midillama/weights/torch_file.h"

// LibTorch's archive reader forgets to free its directory where it refuses an archive.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace midillama;
  try {
    const weights::TorchFile file(fuzz::as_file(data, size, "fuzz.pt"));
    for (const char* name : {"tensors", "model"}) {
      const auto* found = weights::find(file.root(), name);
      const auto* tensors = found == nullptr ? nullptr : found->get<weights::PickleDict>();
      if (tensors == nullptr) continue;
      for (const auto& [key, value] : tensors->entries) {
        if (const auto* tensor = value->get<weights::PickleTensor>()) (void)file.tensor(*tensor).to(torch::kFloat64).sum().item<double>();
      }
    }
  } catch (const InputError&) {
  }
  return 0;
}
