// Calls of a language model that a command would make: what they take, and batch files of them.
#pragma once

#include "cli/commands/data.h"
#include "midillama/chat/batch.h"
#include "midillama/chat/client.h"
#include "midillama/config/schema.h"

#include <functional>
#include <string>

namespace midillama::cli {

// The calls that wait for an answer, by what is in the log when it is called.
using WaitingCalls = std::function<chat::Requests()>;

// Does what the options ask for instead of the calls, and prints what those that wait would take. Batch files are written and read with
// data.dir locked.
void handle_waiting_calls(const config::Config& config, const ModelCallOptions& options, const WaitingCalls& waiting);

}  // namespace midillama::cli
