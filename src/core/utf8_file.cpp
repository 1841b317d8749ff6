#include "midillama/core/utf8_file.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>
#include <memory>

namespace midillama {

namespace {

bool is_utf8(const std::string& text, const char** end) {
  return g_utf8_validate(text.data(), static_cast<gssize>(text.size()), end);
}

}  // namespace

std::string read_utf8_or_latin1(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  if (is_utf8(text, nullptr)) return text;
  gsize size = 0;
  const std::unique_ptr<char, void (*)(void*)> converted(
      g_convert(text.data(), static_cast<gssize>(text.size()), "UTF-8", "ISO-8859-1", nullptr, &size, nullptr), g_free);
  return converted == nullptr ? text : std::string(converted.get(), size);
}

std::string read_utf8(const std::filesystem::path& file) {
  std::string text = read_text(file);
  const char* end = nullptr;
  if (!is_utf8(text, &end)) {
    const char* begin = text.data();
    const auto line = std::count(begin, end, '\n') + 1;
    throw InputError(file.string(), fmt::format("line {}", line), "is not valid UTF-8: save the file as UTF-8");
  }
  return text;
}

}  // namespace midillama
