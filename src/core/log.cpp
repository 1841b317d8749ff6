#include "midillama/core/log.h"

#include "midillama/core/error.h"
#include "midillama/core/printable.h"
#include "midillama/core/terminal.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <fstream>

namespace midillama::log {
namespace {

constexpr const char* kFilePattern = "%Y-%m-%d %H:%M:%S %l: %v";

struct Logger {
  std::shared_ptr<spdlog::sinks::dist_sink_mt> sinks = std::make_shared<spdlog::sinks::dist_sink_mt>();
  std::shared_ptr<spdlog::sinks::sink> file;
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> kept;
  spdlog::logger logger{"midillama", sinks};

  Logger() {
    const auto colours = shows_colours(STDERR_FILENO) ? spdlog::color_mode::automatic : spdlog::color_mode::never;
    sinks->add_sink(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colours));
    sinks->set_pattern("%^%l%$: %v");
    logger.flush_on(spdlog::level::info);
  }
};

Logger& instance() {
  static Logger logger;
  return logger;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

template <typename Sink>
void detach(Logger& logger, std::shared_ptr<Sink>& sink) {
  if (sink) logger.sinks->remove_sink(sink);
  sink.reset();
}

}  // namespace

Level level_from_name(std::string_view name) {
  if (name == "debug") return Level::debug;
  if (name == "info") return Level::info;
  if (name == "warning") return Level::warning;
  if (name == "error") return Level::error;
  throw UsageError(fmt::format("unknown log level \"{}\": give debug, info, warning or error", name));
}

void set_level(Level level) {
  instance().logger.set_level(to_spdlog(level));
}

bool shows(Level level) {
  return instance().logger.should_log(to_spdlog(level));
}

void keep_for_file() {
  constexpr std::size_t kMost = 10000;  // messages
  auto& logger = instance();
  detach(logger, logger.kept);
  detach(logger, logger.file);
  logger.kept = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kMost);
  logger.kept->set_pattern(kFilePattern);
  logger.sinks->add_sink(logger.kept);
}

void attach_file(const std::filesystem::path& path) {
  auto& logger = instance();
  detach(logger, logger.file);
  if (logger.kept) {
    std::ofstream file(path, std::ios::app);
    for (const std::string& message : logger.kept->last_formatted()) file << message;
    detach(logger, logger.kept);
  }
  logger.file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
  logger.file->set_pattern(kFilePattern);
  logger.sinks->add_sink(logger.file);
}

void write(Level level, std::string_view message) {
  if (!shows(level)) return;
  const std::string shown = printable(message, "\n\t");  // whatever texts of others are in it
  status_line::step_over([&] { instance().logger.log(to_spdlog(level), spdlog::string_view_t(shown.data(), shown.size())); });
}

}  // namespace midillama::log
