// JSON schemas as they are written, to schemas as the automaton reads them.
#pragma once

#include "grammar/schema.h"
#include "midillama/core/file.h"

namespace midillama::grammar {

// Without costs. InputError naming the place (a JSON pointer after #) and keyword of what is not supported, wrong or contradicts itself.
Schema read_schema(const OrderedJson& json);

// Any object.
Schema object_schema();

}  // namespace midillama::grammar
