// A file of a web page that is compiled into the program (cmake/EmbedFiles.cmake).
#pragma once

#include <string_view>

namespace midillama {

struct PageFile {
  std::string_view path;  // "/page.css"; "/" for index.html, "/name" for name.html
  std::string_view content;
};

}  // namespace midillama
