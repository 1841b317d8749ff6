#include "grammar/budget.h"

#include "grammar/place.h"

#include <fmt/format.h>

namespace midillama::grammar {

void Budget::charge(std::int64_t amount, std::string_view what, const std::string& place) {
  spent_ += amount;
  if (spent_ <= kMost) return;
  fail(place,
       fmt::format("the schema is too large: there is no room for all its {} (a value takes {}, a property {} more, a byte of a given text "
                   "about 5, of {})",
                   what, kValue + kNode, kProperty, kMost));
}

}  // namespace midillama::grammar
