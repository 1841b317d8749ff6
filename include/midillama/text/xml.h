// Text in XML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace midillama::text {

// What XML 1.0 can hold of a text, its own characters and quotes written out; U+FFFD for control characters and what is not UTF-8.
std::string xml_text(std::string_view text);

}  // namespace midillama::text
