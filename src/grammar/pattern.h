// Regular expressions of a schema's `pattern`, as ECMA-262 has them (with its flag u), for texts in which they are found.
//
// Literals, ., classes, \d \w \s and their opposites, groups (with a name or not), |, ?, *, +, {m,n} (lazy ones, too), ^ and $, and after a
// ^ at the beginning (?!…) and (?=…). All else is refused by name: other assertions, references to groups, \p{…}, flags. Only what ECMA-262
// and Python agree upon is matched: \d and \w are ASCII's, and so is \W; \D leaves out scripts with digits of their own, \S what either of
// them calls white space.
#pragma once

#include "grammar/texts.h"

#include <string>
#include <string_view>
#include <vector>

namespace midillama::grammar {

// Adds to a machine what texts must agree with in which the pattern is found. InputError naming the place where it is not supported or
// wrong.
std::vector<TextMachine::Demand> add_pattern(TextMachine& machine, std::string_view pattern, const std::string& place);

}  // namespace midillama::grammar
