// What was cut from examples to fit prompt.max_length: nothing is left out without a word.
#pragma once

#include "midillama/text/prompt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::data {

class CutReport {
 public:
  // Remembers the example where something was cut from it.
  void add(const std::string& id, const text::EncodedExample& example);

  std::size_t notes() const { return notes_.size(); }
  std::size_t questions() const { return questions_.size(); }
  std::size_t answers() const { return answers_.size(); }

  // Warns with the counts and with every id and its number of tokens cut, a hundred a line; silent where nothing was cut.
  void log(std::int64_t max_length) const;

 private:
  std::vector<std::string> notes_;  // "id (12 tokens)"
  std::vector<std::string> questions_;
  std::vector<std::string> answers_;
};

}  // namespace midillama::data
