// A file part by part, as it comes: for readers that look at its beginning before they read on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace midillama {

// Calls `part` with one part after the other, none of them empty; what it throws ends the reading. "-" is standard input, and a pipe is
// read to its end. InputError for a pipe that nothing writes into for some seconds, and for what is longer than `largest` bytes or never
// ends.
void for_each_part(const std::filesystem::path& path, std::uintmax_t largest, const std::function<void(std::string_view part)>& part);

}  // namespace midillama
