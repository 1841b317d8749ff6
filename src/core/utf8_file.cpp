#include "midillama/core/utf8_file.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <fmt/format.h>
#include <glib.h>

#include <algorithm>

namespace midillama {

std::string read_utf8(const std::filesystem::path& file) {
  std::string text = read_text(file);
  const char* end = nullptr;
  if (!g_utf8_validate(text.data(), static_cast<gssize>(text.size()), &end)) {
    const char* begin = text.data();
    const auto line = std::count(begin, end, '\n') + 1;
    throw InputError(file.string(), fmt::format("line {}", line), "is not valid UTF-8: save the file as UTF-8");
  }
  return text;
}

}  // namespace midillama
