// What everything that is made from a schema is charged to, so that none costs much, in time, memory or at a mask, beyond its own size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace midillama::grammar {

class Budget {
 public:
  // One is about a state of a machine that reads given texts or a pattern.
  static constexpr std::int64_t kMost = 1'000'000;
  static constexpr std::int64_t kValue = 25, kNode = 25, kProperty = 50, kItem = 25;  // each has a cost for every level
  static constexpr std::int64_t kAlternative = 5;

  // InputError naming the place and `what` (many of it) where the schema is too large by now.
  void charge(std::int64_t amount, std::string_view what, const std::string& place);

  std::int64_t spent() const { return spent_; }

 private:
  std::int64_t spent_ = 0;
};

}  // namespace midillama::grammar
