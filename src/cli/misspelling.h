// What a wrong command line meant.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace midillama::cli {

struct Reading {
  std::string command;  // as far as it is known: "midillama data"
  std::string unknown;  // the first command or option that is not there: "biuld", "--satge"; empty: all are
  std::string meant;    // what it may have meant; empty: nothing is near
};

// `arguments` without the program's name.
Reading read_command_line(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace midillama::cli
