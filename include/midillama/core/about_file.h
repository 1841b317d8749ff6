// Whose fault it is: work on what a file holds, whose errors name the file.
#pragma once

#include "midillama/core/error.h"

#include <filesystem>
#include <utility>

namespace midillama {

// What `work` gives; an Error of it that does not name its file (only InputError does) becomes an InputError of `file`.
template <typename Work>
decltype(auto) about_file(const std::filesystem::path& file, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const InputError&) {
    throw;
  } catch (const Error& error) {
    throw InputError(file.string(), "", error.what());
  }
}

}  // namespace midillama
