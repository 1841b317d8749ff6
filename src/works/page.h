// The page of a review: src/works/page/index.html, compiled in.
#pragma once

#include "midillama/core/page_file.h"

#include <span>

namespace midillama::works {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const PageFile> page_files();

}  // namespace midillama::works
