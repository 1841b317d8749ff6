// Whether the ranks of a run were told the same: on several machines each reads its own copy of a configuration, a model and the data.
#pragma once

#include "midillama/core/file.h"
#include "midillama/parallel/process_group.h"

#include <torch/nn/module.h>

#include <string>

namespace midillama::parallel {

// Every rank knows the same `values` as the main rank. Error, on all ranks, that names the first rank and key that differ, with both
// values.
void require_agreement(ProcessGroup& group, const Json& values);

// Of a sample of every parameter: other models of the same shape give another one.
std::string parameters_fingerprint(const torch::nn::Module& module);

}  // namespace midillama::parallel
