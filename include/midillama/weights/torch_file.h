// Files that Python's torch.save wrote: values and tensors, read without running anything that the file asks for.
#pragma once

#include "midillama/weights/pickle.h"

#include <torch/types.h>

#include <filesystem>
#include <memory>

namespace midillama::weights {

// Zip archives (torch 1.6 and later) and the older format of pickles in a row. Values are read at once, tensors when they are asked for.
// Every error is an InputError that names the file and the place in it. Copies share what has been read.
class TorchFile {
 public:
  explicit TorchFile(const std::filesystem::path& path);

  const PickleValue& root() const;
  // A tensor of the file. Its storage is read once and shared by the tensors that view it; all of them together never take more memory
  // than the file's size.
  torch::Tensor tensor(const PickleTensor& tensor) const;

 private:
  class Contents;
  class Archive;
  class Pickles;

  std::shared_ptr<Contents> contents_;
};

}  // namespace midillama::weights
