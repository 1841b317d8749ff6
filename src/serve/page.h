// The page at /: the files of src/serve/page, compiled in.
#pragma once

#include "midillama/core/page_file.h"
#include "midillama/web/http_server.h"

#include <span>

namespace midillama::serve {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const PageFile> page_files();

// With its type, and headers that let the page load and call nothing but this server.
web::Reply reply_with(const PageFile& file);

}  // namespace midillama::serve
