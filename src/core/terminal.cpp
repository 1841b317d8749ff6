#include "midillama/core/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

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
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(descriptor) != 0 && (no_color == nullptr || *no_color == '\0');
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
