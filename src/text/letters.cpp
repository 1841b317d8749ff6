#include "midillama/text/letters.h"

#include <glib.h>

namespace midillama::text {

bool is_capital(char32_t code_point) {
  return g_unichar_isupper(code_point) || g_unichar_istitle(code_point);
}

}  // namespace midillama::text
