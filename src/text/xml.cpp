#include "midillama/text/xml.h"

#include "midillama/text/utf8.h"

namespace midillama::text {

std::string xml_text(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default:
        append_utf8(safe, c < 0x20 || c == 0xFFFE || c == 0xFFFF ? kReplacementCharacter : c);
    }
  }
  return safe;
}

}  // namespace midillama::text
