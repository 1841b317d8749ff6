// A configuration as dotted keys with their values: {"run.seed": 1, "lora.target_modules": ["q_proj"], …}. `stages` is left out: what holds
// for a stage is in `train` once it is resolved.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

namespace midillama::config {

Json flatten(const Config& config);

// The same without what may differ between the machines of a run: where files lie, device, threads, time limit.
Json shared_settings(const Config& config);

// Gives every key of `values` its value; keys that the configuration does not have are passed over. InputError (`origin` names the file)
// where a value has another type.
void assign(Config& config, const Json& values, const std::string& origin);

}  // namespace midillama::config
