// The message with which a function fails.
#pragma once

#include "midillama/core/error.h"

#include <string>
#include <utility>

namespace midillama::testing_support {

// "no error" where it does not fail. Other exceptions than the program's errors pass.
template <typename Function>
std::string error_of(Function&& function) {
  try {
    std::forward<Function>(function)();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace midillama::testing_support
