// retrieval.jsonl: what servers answered, so that nothing is asked twice. Lines are only ever added:
//
//   {"key", "source", "question", "retrieved", "answer"}
//
// A question that was not answered has no line.
#pragma once

#include "midillama/core/file.h"
#include "midillama/core/line_log.h"

#include <cstddef>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>

namespace midillama::works {

struct Answered {
  std::string retrieved;  // date and time, UTC
  Json answer;
};

class AnswerLog {
 public:
  // Reads what is there; InputError where a line is none of the log's.
  explicit AnswerLog(const std::filesystem::path& file);

  // The answer that a source gave; where there is none, that of `ask`, which is added. What `ask` throws passes.
  Answered get(const std::string& source, const std::string& question, const std::function<Json()>& ask);

  // Answers that were there already.
  std::size_t known() const { return known_; }

 private:
  std::unordered_map<std::string, LineLog::Place> places_;  // lines by their keys
  std::size_t known_ = 0;
  LineLog lines_;  // the last: reading it fills the others
};

// "2026-11-26T18:00:00Z"
std::string utc_text(std::time_t time);

}  // namespace midillama::works
