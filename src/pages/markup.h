// Texts inside HTML.
#pragma once

#include "midillama/core/file.h"

#include <string>
#include <string_view>

namespace midillama::pages {

// The text between tags and inside quoted attributes; bytes that are not UTF-8 become U+FFFD.
std::string escaped(std::string_view text);

// The JSON inside a <script> element: nothing in it ends the element or begins a comment.
std::string script_json(const OrderedJson& json);

// An ES module as an address that needs no file. Modules that it imports from './NAME' are named NAME: a page's import map has them.
std::string module_url(std::string_view source);

}  // namespace midillama::pages
