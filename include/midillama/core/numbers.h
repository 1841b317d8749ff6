// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace midillama {

// "20,971,520"
std::string with_commas(std::int64_t number);

// "14.96 GiB"
std::string gibibytes(std::int64_t bytes);

}  // namespace midillama
