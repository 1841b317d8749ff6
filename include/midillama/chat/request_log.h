// requests.jsonl: every call of a model and what came back, so that nothing is asked twice and a dataset can be made again without a
// network. Lines are only ever added:
//
//   {"key", "model", "request", "response", "status", "seconds", "usage": {"prompt_tokens", "completion_tokens"}}
//
// `status` is the HTTP status, 0 where no answer came; `response` is what came (a text where it was not JSON), or why nothing did. A call
// that failed is kept for the record and never taken for an answer.
#pragma once

#include "midillama/chat/call.h"
#include "midillama/core/line_log.h"

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace midillama::chat {

struct Exchange {
  OrderedJson request;
  OrderedJson response = {};
  int status = 0;
  double seconds = 0;
};

class RequestLog {
 public:
  // Reads what is there. A last line that was cut off, as by a kill, is passed over with a warning; Error where another line is none of
  // the log's. Nothing is written before the first exchange, or require_room().
  explicit RequestLog(const std::filesystem::path& file);

  // The usable answer that was given under this key, with the problems of those before it that were not. Any thread. One answer is in
  // memory at a time.
  std::optional<Answer> find(const std::string& key) const;
  bool has(const std::string& key) const;
  // Why the last try of a call that failed gave no answer, and those before it that were answered none that can be used.
  std::optional<Answer> find_failure(const std::string& key) const;
  // How often it was answered with what cannot be used.
  std::int64_t count_unusable(const std::string& key) const;

  // InputError where what comes back could not be kept: before anything is asked. Any thread.
  void require_room();

  // Handed to the operating system before it returns, so that a killed program has it. Any thread. Of two usable answers to one request
  // the first stays the answer.
  void add(const Exchange& exchange);

  const std::filesystem::path& file() const { return lines_.file(); }

 private:
  using Places = std::unordered_map<std::string, LineLog::Place>;  // lines by their keys
  struct Failure {
    LineLog::Place place;
    bool is_answered;  // by the server, with what cannot be used
  };
  Answer answer_at(LineLog::Place place) const;
  std::vector<std::string> problems_of(const std::vector<Failure>& failures) const;
  void read(std::string_view line, std::size_t number, LineLog::Place place, const std::string& file);
  void note(const OrderedJson& row, LineLog::Place place);

  mutable std::mutex mutex_;  // of what follows
  Places usable_;
  std::unordered_map<std::string, std::vector<Failure>> failed_;  // in their order
  LineLog lines_;                                                 // the last: reading it fills the others
};

}  // namespace midillama::chat
