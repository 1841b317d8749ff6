// The steps of the dataset pipeline as commands run them: alone, or one after the other before a dataset is written.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/records/step.h"
#include "midillama/works/annotate_works.h"
#include "midillama/works/retrieve.h"

namespace midillama::cli {

records::StepState import_state(const config::Config& config);

// Looks for texts and writes them.
works::RetrievalReport retrieve(const config::Config& config);
// Error where a server did not answer for some works.
void require_all_looked_up(const config::Config& config, const works::RetrievalReport& report);

// Has the works annotated, until a signal comes: then Interrupted.
works::AnnotationReport annotate(const config::Config& config);

// Everything before the clips: imports the collection, retrieves texts where retrieval.endpoint is set, has them read where chat.endpoint
// is set, and measures the pieces. What is there and current is not made again, nor what another program made. InputError where the pieces
// are of other settings or files, unless `overwrite` is set.
void run_steps_before_clips(const config::Config& config, bool overwrite);

// Whether that would change nothing.
bool are_steps_current(const config::Config& config);

}  // namespace midillama::cli
