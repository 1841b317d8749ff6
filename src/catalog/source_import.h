// The import of a source without a catalog: ABC tune books, or a folder of MIDI files.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"

#include <filesystem>

namespace midillama::catalog {

// Whether corpus.source is one: it is read with what its own files say.
bool is_own_source(const config::Corpus& config);

// import_pieces() of such a source.
void import_source(const config::Corpus& config, const std::filesystem::path& directory);

// What its import.json has under "settings" and "sources".
OrderedJson source_settings(const config::Corpus& config);
OrderedJson source_files(const config::Corpus& config);

}  // namespace midillama::catalog
