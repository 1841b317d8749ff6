#include "midillama/text/casefold.h"

#include "midillama/text/utf8.h"

#include <glib.h>

#include <memory>

namespace midillama::text {
namespace {

using Text = std::unique_ptr<char, decltype(&g_free)>;

Text decomposed(std::string_view text) {
  return {g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_NFD), &g_free};
}

}  // namespace

std::string casefold(std::string_view text) {
  std::string storage;
  const Text folded(g_utf8_casefold(decomposed(valid_utf8(text, storage)).get(), -1), &g_free);
  return decomposed(folded.get()).get();
}

}  // namespace midillama::text
