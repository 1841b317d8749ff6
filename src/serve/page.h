// The page at /: the files of src/serve/page, compiled in.
#pragma once

#include "midillama/core/page_file.h"

#include <span>

namespace midillama::serve {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const PageFile> page_files();

}  // namespace midillama::serve
