// A model that others serve, asked about clips as text.
//
// Each question is one call: the system message, the turns before the question, the question; the clip's text and an empty line come before
// the first of them. Every call is in <run.dir>/eval/requests.jsonl, and one that was answered is never made again.
#pragma once

#include <string>
#include <string_view>

namespace midillama::systems {

// The system message where prompt.system is empty:
//
//   You are asked about a clip of music. The clip comes before the question, in ABC notation. Answer in one or two sentences.
//
// With the words for `notation` (prompt.notes) in the second sentence, which is left out where the clip is not heard (empty).
std::string instructions(std::string_view notation);

}  // namespace midillama::systems
