// LibTorch's errors as the program's: one sentence without C++ frames, and where memory ran out, what was asked for and what helps.
#pragma once

#include "midillama/config/schema.h"

#include <functional>
#include <string>

namespace midillama::cli {

// Runs `work`. `advice` is asked for a sentence where memory runs out.
void plainly(const std::function<void()>& work, const std::function<std::string()>& advice = nullptr);

// What `midillama plan` says of a stage on this machine; for stages that cannot be planned, what takes less memory.
std::string advice_for(const config::Config& config, const std::string& stage);

}  // namespace midillama::cli
