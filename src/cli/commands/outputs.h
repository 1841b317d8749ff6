// Checks of what is written under a name that the user gives.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace midillama::cli {

// Elsewhere "-" is standard input or output, so nobody means a file of this name.
inline CLI::Validator not_standard_output() {
  return CLI::Validator([](std::string& path) { return std::string(path == "-" ? "cannot be standard output (-): a name is needed" : ""); },
                        "", "");
}

}  // namespace midillama::cli
