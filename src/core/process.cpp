#include "midillama/core/process.h"

#include "midillama/core/error.h"

#include <fmt/format.h>
#include <glib.h>
#include <sys/wait.h>

namespace midillama {

ProcessResult run_process(const std::vector<std::string>& arguments, const std::string& working_directory) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  char* output = nullptr;
  char* error_output = nullptr;
  int wait_status = 0;
  GError* error = nullptr;
  const bool started = g_spawn_sync(working_directory.empty() ? nullptr : working_directory.c_str(), argv.data(), nullptr,
                                    G_SPAWN_SEARCH_PATH, nullptr, nullptr, &output, &error_output, &wait_status, &error);
  if (!started) {
    const std::string reason = error->message;
    g_error_free(error);
    throw Error(fmt::format("{} could not be started ({}): is it installed?", arguments.at(0), reason));
  }
  ProcessResult result{WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status), output, error_output};
  g_free(output);
  g_free(error_output);
  return result;
}

}  // namespace midillama
