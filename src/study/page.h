// The pages at / and /admin: the files of src/study/page, compiled in.
#pragma once

#include "midillama/web/page.h"

#include <span>

namespace midillama::study {

// In a source that cmake/EmbedFiles.cmake writes.
std::span<const web::PageFile> page_files();

}  // namespace midillama::study
