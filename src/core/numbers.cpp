#include "midillama/core/numbers.h"

#include <fmt/format.h>

namespace midillama {

std::string with_commas(std::int64_t number) {
  return number < 1000 ? std::to_string(number) : fmt::format("{},{:03}", with_commas(number / 1000), number % 1000);
}

std::string gibibytes(std::int64_t bytes) {
  return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / (1 << 30));
}

}  // namespace midillama
