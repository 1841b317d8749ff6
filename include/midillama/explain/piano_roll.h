// An explanation as a picture.
#pragma once

#include "midillama/explain/explanation.h"

#include <string>

namespace midillama::explain {

enum class Measure { left_out, gradient };

// An SVG document, light or dark as its reader prefers: pitch upwards, time to the right with its bars, drums in rows of their own below.
// Every note is a rectangle coloured by the measure on one scale around zero, with its numbers in a <title>. A legend says what the colour
// means and what it does not. What XML cannot hold of question and answer becomes U+FFFD.
std::string to_svg(const Explanation& explanation, Measure measure = Measure::left_out);

}  // namespace midillama::explain
