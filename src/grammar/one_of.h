// Whether the alternatives of a oneOf exclude each other, so that one of any of them is one of exactly one.
#pragma once

#include "grammar/budget.h"
#include "grammar/references.h"
#include "midillama/core/file.h"

#include <string>
#include <vector>

namespace midillama::grammar {

// A property of an object's schema.
struct Tag {
  const OrderedJson* object;
  std::string name;
};

// InputError naming two alternatives that are not known to: they differ neither in their types, nor in their given values, nor in the given
// values of a property. Each must have been read before: its references lead to no circle. Those properties must always be written;
// returned are those that the schema does not require.
std::vector<Tag> require_disjoint(const OrderedJson& alternatives, References& references, Budget& budget, const std::string& place);

}  // namespace midillama::grammar
