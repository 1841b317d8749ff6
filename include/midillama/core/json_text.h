// JSON for others to read.
#pragma once

#include "midillama/core/file.h"

#include <string>

namespace midillama {

// The text of `json`, on one line where `indent` is negative. Error naming the key where a number is NaN or infinite: JSON has none, and
// the null that the library would write for it is read as something else. Always valid UTF-8: other bytes (of file names, say) become
// U+FFFD.
std::string json_text(const Json& json, int indent = -1);
std::string json_text(const OrderedJson& json, int indent = -1);
// One line of a JSON-lines file.
std::string json_line(const OrderedJson& json);

}  // namespace midillama
