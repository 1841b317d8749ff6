// The page at /: the files of src/serve/page, compiled in.
#pragma once

#include "midillama/web/page.h"

#include <span>

namespace midillama::serve {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const web::PageFile> page_files();

}  // namespace midillama::serve
