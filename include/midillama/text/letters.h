// Letters of any script.
#pragma once

namespace midillama::text {

// Whether a name may begin with it: upper or title case.
bool is_capital(char32_t code_point);

}  // namespace midillama::text
