// Character classes and lower case as the Python reference implementations have them.
#pragma once

#include <string>
#include <string_view>

namespace midillama::metrics {

// \w of the Python module `regex`, which nltk's tokenizers run on.
bool is_word(char32_t code_point);
// \s of the same module (str.isspace() takes four control characters more).
bool is_regex_space(char32_t code_point);

// Writes str.lower() of a valid UTF-8 text to `lowered`.
void lower(std::string_view text, std::string& lowered);

}  // namespace midillama::metrics
