// The keywords of JSON schemas, and the types of values that they speak of.
#pragma once

#include "midillama/core/file.h"

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

namespace midillama::grammar {

enum class Of { annotation, reference, any_type, string, number, array, object };

// Nothing for a keyword that is not supported.
std::optional<Of> kind_of_keyword(std::string_view keyword);

enum Type : std::size_t { object_type, array_type, string_type, number_type, integer_type, boolean_type, null_type };
using Types = std::bitset<7>;  // integers that are among numbers are not named beside them

// What `type` names; nothing where it is not there. InputError where it is wrong.
std::optional<Types> named_types(const OrderedJson& schema, const std::string& place);
// Those that its other keywords speak of; all where there are none.
Types types_of_keywords(const OrderedJson& schema);
// Those that a value has: a whole number is an integer and a number.
Types types_of_value(const OrderedJson& value);

const OrderedJson* find(const OrderedJson& object, const char* key);

}  // namespace midillama::grammar
