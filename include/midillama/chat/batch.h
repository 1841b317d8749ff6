// Files for servers that answer many calls at once, within hours and for less: OpenAI's Batch format. One call a line:
//
//   {"custom_id": its key, "method": "POST", "url": "/v1/chat/completions", "body": {…}}
//
// Results come in any order, errors perhaps in a file of their own.
#pragma once

#include "midillama/chat/request_log.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace midillama::chat {

// What one file may have.
struct BatchLimits {
  std::size_t requests = 50'000;
  std::size_t bytes = 200'000'000;
};

// Requests (request_body()) by their keys, as JSON texts, for there may be tens of thousands.
using Requests = std::map<std::string, std::string>;

// The answer that the log has to a call; where it has none, the request is added to `waiting`. After `tries` answers that cannot be used
// (0: never) the last of them is the answer.
std::optional<Answer> find_or_wait(const RequestLog& log, const Call& call, const std::string& model, Requests& waiting,
                                   std::int64_t tries = 0);

// Writes them to `file`, and where it would become too long to FILE-2, FILE-3, … (before its extension). The files.
std::vector<std::filesystem::path> write_batch(const Requests& requests, const std::filesystem::path& file, const BatchLimits& limits = {});

struct BatchReading {
  std::size_t answered = 0;  // usable
  std::size_t failed = 0;    // on record, to be asked again
  std::size_t unknown = 0;   // of no request that waits for an answer
};

// Adds what came back for `requests` to the log. InputError naming file and line where it is no result of a batch.
BatchReading read_batch(const std::filesystem::path& file, const Requests& requests, RequestLog& log);

}  // namespace midillama::chat
