// The pages at / and /admin: the files of src/study/page, compiled in.
#pragma once

#include "midillama/core/page_file.h"

#include <span>

namespace midillama::study {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const PageFile> page_files();

}  // namespace midillama::study
