// Runs another program to its end.
#pragma once

#include <string>
#include <vector>

namespace midillama {

struct ProcessResult {
  int status = 0;  // exit status; 128 + signal where a signal ended it
  std::string output;
  std::string error_output;
};

// `arguments[0]` is looked up in PATH. Error where the program cannot be started, naming it and what to install or check.
ProcessResult run_process(const std::vector<std::string>& arguments, const std::string& working_directory = "");

}  // namespace midillama
