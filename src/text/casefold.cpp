#include "midillama/text/casefold.h"

#include "midillama/text/utf8.h"

#include <glib.h>

#include <memory>

namespace midillama::text {

std::string casefold(std::string_view text) {
  std::string storage;
  const std::string_view valid = valid_utf8(text, storage);
  const std::unique_ptr<char, decltype(&g_free)> folded(g_utf8_casefold(valid.data(), static_cast<gssize>(valid.size())), &g_free);
  return folded.get();
}

}  // namespace midillama::text
