#include "midillama/core/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

namespace midillama {
namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

struct Shown {
  std::mutex mutex;
  std::string text;
};

Shown& shown() {
  static Shown instance;
  return instance;
}

void draw(const std::string& text) {
  fmt::print(stderr, "{}{}", kEraseLine, text);
  std::fflush(stderr);
}

}  // namespace

bool shows_colours(int descriptor) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  return ::isatty(descriptor) != 0 && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

namespace status_line {

void show(const std::string& text) {
  const std::lock_guard lock(shown().mutex);
  shown().text = text;
  draw(text);
}

void end() {
  const std::lock_guard lock(shown().mutex);
  if (!shown().text.empty()) fmt::print(stderr, "\n");
  shown().text.clear();
}

void step_over(const std::function<void()>& print) {
  const std::lock_guard lock(shown().mutex);
  if (!shown().text.empty()) draw("");
  print();
  if (!shown().text.empty()) draw(shown().text);
}

}  // namespace status_line
}  // namespace midillama
