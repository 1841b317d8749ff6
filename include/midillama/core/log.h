// Logging to standard error, and to a run's log file once one is attached. Messages are formatted by fmt:
//
//   log::warning("{}: skipped: {}", path, reason);
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace midillama::log {

enum class Level { debug, info, warning, error };

// One of "debug", "info", "warning", "error"; UsageError otherwise.
Level level_from_name(std::string_view name);

// Messages below `level` are dropped. The default is info.
void set_level(Level level);
bool shows(Level level);

// Keeps what is logged from now on for the file that is attached next: a run's log begins before it is known whether the run does.
void keep_for_file();

// Also appends every message to `path` (a run's log.txt), those that were kept first, until the program ends or another file is attached.
void attach_file(const std::filesystem::path& path);

void write(Level level, std::string_view message);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace midillama::log
