// Many calls that belong together, made as one piece of a command's work.
#pragma once

#include "midillama/chat/call.h"
#include "midillama/chat/request_log.h"
#include "midillama/config/schema.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace midillama::chat {

// The answers to call(0) … call(count - 1), asked by as many threads as config.max_parallel says, from the log where it has them. `what`
// names the work in the progress. What they took is logged. A signal ends it when the answers of the calls on their way are there:
// Interrupted. ServerRefused, also where the first ten calls have no answer; net::NoServer; InputError with chat.replay where the log has
// no answer.
std::vector<Answer> ask_all(const std::string& what, std::size_t count, const std::function<Call(std::size_t)>& call,
                            const config::Chat& config, RequestLog& log);

}  // namespace midillama::chat
