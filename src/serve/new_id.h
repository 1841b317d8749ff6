// Names of what a server makes.
#pragma once

#include <string>
#include <string_view>

namespace midillama::serve {

// "clip-" and 32 random hexadecimal digits, where the prefix is "clip".
std::string new_id(std::string_view prefix);

}  // namespace midillama::serve
