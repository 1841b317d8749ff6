// The page at /: the files of src/serve/page, compiled in.
#pragma once

#include "midillama/web/http_server.h"

#include <span>
#include <string_view>

namespace midillama::serve {

struct PageFile {
  std::string_view path;  // "/page.css"; "/" for index.html
  std::string_view content;
};

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const PageFile> page_files();

// With its type, and headers that let the page load and call nothing but this server.
web::Reply reply_with(const PageFile& file);

}  // namespace midillama::serve
