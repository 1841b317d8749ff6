// A clip as the page shows it.
#pragma once

#include "midillama/core/file.h"
#include "midillama/serve/clip_store.h"

namespace midillama::serve {

// {"id", "object": "clip", "name", "duration", "tracks": [{"name", "program", "is_drum"}], "notes": [[start, end, pitch, velocity, track]],
// "beats": [], "bars": []}: times are seconds, notes are sorted by start, beats and bars are where they begin. A file that is timed in
// frames has neither. web::HttpError (400) where there are too many of them to show.
OrderedJson description_of(const Clip& clip);

}  // namespace midillama::serve
