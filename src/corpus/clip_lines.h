// clips.jsonl: the clips of a collection, and what was measured on each.
#pragma once

#include "corpus/segments.h"
#include "midillama/records/step.h"

#include <filesystem>

namespace midillama::corpus {

// Writes FOLDER/clips.jsonl and its record, which has what is not in the lines: what was left out, and the seconds of pieces and clips.
void write_clip_lines(const Segments& segments, const std::filesystem::path& folder, const records::MadeOf& made_of);

// The same back: pieces have their ids, clips and what was measured on them. InputError naming file, line and key.
Segments read_clip_lines(const std::filesystem::path& folder);

}  // namespace midillama::corpus
