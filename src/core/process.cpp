#include "midillama/core/process.h"

#include "descriptor.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/interrupt.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

namespace midillama {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks{20};
constexpr std::int64_t kKibibyte = 1024;  // the unit of ru_maxrss

std::vector<char*> argv_of(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

int status_of(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

[[noreturn]] void fail_to_start(const std::string& program, GError* error) {
  const std::string reason = error->message;
  g_error_free(error);
  throw Error(fmt::format("{} could not be started ({}): is it installed?", program, reason));
}

// In the child: signals reach it as they do in any program, those of the terminal by way of this program only.
void begin_alone(gpointer) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
}

void limit(__rlimit_resource resource, std::uint64_t amount) {
  if (amount == 0) return;
  rlimit now{};
  getrlimit(resource, &now);
  now.rlim_cur = std::min<rlim_t>(amount, now.rlim_max);
  setrlimit(resource, &now);
}

// In the child.
void limit_itself(gpointer given) {
  const auto& options = *static_cast<const ProcessOptions*>(given);
  limit(RLIMIT_CPU, options.cpu_seconds);
  limit(RLIMIT_AS, options.memory);
}

}  // namespace

std::filesystem::path own_program() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored);
}

ProcessResult run_process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  auto argv = argv_of(arguments);
  char* output = nullptr;
  char* error_output = nullptr;
  int wait_status = 0;
  GError* error = nullptr;
  const char* folder = options.working_directory.empty() ? nullptr : options.working_directory.c_str();
  auto limits = options;
  const bool started =
      g_spawn_sync(folder, argv.data(), nullptr, G_SPAWN_SEARCH_PATH, limit_itself, &limits, &output, &error_output, &wait_status, &error);
  if (!started) fail_to_start(arguments.at(0), error);
  ProcessResult result{status_of(wait_status), output, error_output};
  g_free(output);
  g_free(error_output);
  return result;
}

LoggedProcess run_logged(const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  std::filesystem::create_directories(log.parent_path());
  if (!std::filesystem::exists(log)) write_atomically(log, "");
  const Descriptor file(log, O_WRONLY | O_APPEND);
  const std::uintmax_t log_begin = std::filesystem::file_size(log);
  auto argv = argv_of(arguments);
  GPid child = 0;
  GError* error = nullptr;
  const auto flags = static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD);
  const auto begin = std::chrono::steady_clock::now();
  if (!g_spawn_async_with_fds(nullptr, argv.data(), nullptr, flags, begin_alone, nullptr, &child, -1, file.get(), file.get(), &error))
    fail_to_start(arguments.at(0), error);

  int wait_status = 0;
  rusage usage{};
  bool is_told = false;
  while (wait4(child, &wait_status, WNOHANG, &usage) != child) {
    if (noted_interrupt() != 0 && !std::exchange(is_told, true)) kill(child, SIGTERM);
    std::this_thread::sleep_for(kBetweenLooks);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  return {status_of(wait_status), usage.ru_maxrss * kKibibyte, seconds.count(), log_begin};
}

}  // namespace midillama
