// Whose fault it is: work on what a file holds, whose errors name the file.
#pragma once

#include "midillama/core/error.h"

#include <filesystem>
#include <utility>

namespace midillama {

// What `work` gives; an Error of it becomes an InputError of `file`, unless it names its own (InputError) or is the user's (UsageError).
template <typename Work>
decltype(auto) about_file(const std::filesystem::path& file, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    const bool is_of_the_file = dynamic_cast<const InputError*>(&error) == nullptr && dynamic_cast<const UsageError*>(&error) == nullptr;
    if (!is_of_the_file) throw;
    throw InputError(file.string(), "", error.what());
  }
}

}  // namespace midillama
