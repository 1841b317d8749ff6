#include "pages/markup.h"

#include "midillama/core/base64.h"
#include "midillama/core/json_text.h"
#include "midillama/core/replace_all.h"
#include "midillama/text/utf8.h"

namespace midillama::pages {

std::string escaped(std::string_view text) {
  std::string storage, html;
  for (const char c : text::valid_utf8(text, storage)) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string script_json(const OrderedJson& json) {
  std::string text = json_text(json);
  replace_all(text, "<", "\\u003c");
  return text;
}

std::string module_url(std::string_view source) {
  std::string module(source);
  replace_all(module, " from './", " from '");
  return "data:text/javascript;base64," + to_base64(module);
}

}  // namespace midillama::pages
