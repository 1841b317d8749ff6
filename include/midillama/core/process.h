// Runs another program to its end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace midillama {

struct ProcessResult {
  int status = 0;  // exit status; 128 + signal where a signal ended it
  std::string output;
  std::string error_output;
};

struct ProcessOptions {
  std::string working_directory = {};  // empty: this program's
  // What it may take; 0: as much as this program. A program that takes more time of a processor ends by SIGXCPU, status 152.
  std::uint64_t cpu_seconds = 0;
  std::uint64_t memory = 0;  // bytes of its address space
};

// `arguments[0]` is looked up in PATH. Error where the program cannot be started, naming it and what to install or check.
ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

// This program's executable; empty where the system does not say.
std::filesystem::path own_program();

// What a program that ran for a while has left.
struct LoggedProcess {
  int status = 0;                // as ProcessResult::status
  std::int64_t peak_memory = 0;  // bytes of the largest of it and its children that it waited for
  double seconds = 0;
  std::uintmax_t log_begin = 0;  // where its output begins in the log
};

// The same with both outputs at the end of the file `log`. A signal that was noted (core/interrupt.h) goes on to the program as SIGTERM,
// once; its end is waited for. Should this program die, the other gets SIGTERM, too.
LoggedProcess run_logged(const std::vector<std::string>& arguments, const std::filesystem::path& log);

}  // namespace midillama
