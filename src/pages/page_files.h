// The files of src/pages/page, compiled in.
#pragma once

#include "midillama/core/page_file.h"

#include <span>

namespace midillama::pages {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const PageFile> page_files();

}  // namespace midillama::pages
