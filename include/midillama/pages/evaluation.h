// The tables of a report.json (docs/formats.md) on a page.
#pragma once

#include "midillama/core/file.h"
#include "midillama/pages/page.h"

#include <string>

namespace midillama::pages {

// "Question answering" of task qa; other tasks by their name.
std::string task_title(const std::string& task);

// One section a task of the report: text metrics, the accuracy of the stated facts and, of task unseen, the ways of asking. A task may be
// there several times, of evaluations with other checkpoints, settings or questions ("checkpoint" and "fingerprint" say which): the
// sections of all but the first begin with a notice. InputError naming `file`, which the report was read from, where it is none.
std::vector<Section> evaluation_sections(const OrderedJson& report, const std::string& file);

}  // namespace midillama::pages
