// What completing the parts of a schema costs.
#pragma once

#include "grammar/byte_trie.h"
#include "grammar/schema.h"

namespace midillama::grammar {

// Fills in every cost of a schema. What no finite text satisfies, or none that the tokens can spell, costs kImpossible.
void fill_costs(Schema& schema, const ByteTrie& tokens);

// From after `count` items of an array to its end, where values may open `levels`.
Cost array_tail(const Schema& schema, const ArrayNode& array, std::int64_t count, int levels);

// Of a whole string.
Cost string_cost(const StringNode& string);

}  // namespace midillama::grammar
