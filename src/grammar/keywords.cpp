#include "grammar/keywords.h"

#include "grammar/place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <map>

namespace midillama::grammar {
namespace {

const std::map<std::string_view, Of> kKeywords = {
    {"title", Of::annotation},
    {"description", Of::annotation},
    {"default", Of::annotation},
    {"examples", Of::annotation},
    {"deprecated", Of::annotation},
    {"readOnly", Of::annotation},
    {"writeOnly", Of::annotation},
    {"contentMediaType", Of::annotation},
    {"contentSchema", Of::annotation},
    {"discriminator", Of::annotation},
    {"$comment", Of::annotation},
    {"$schema", Of::annotation},
    {"$id", Of::annotation},
    {"$defs", Of::annotation},
    {"definitions", Of::annotation},
    {"$ref", Of::reference},
    {"allOf", Of::reference},
    {"anyOf", Of::reference},
    {"oneOf", Of::reference},
    {"type", Of::any_type},
    {"enum", Of::any_type},
    {"const", Of::any_type},
    {"minLength", Of::string},
    {"maxLength", Of::string},
    {"pattern", Of::string},
    {"format", Of::string},
    {"minimum", Of::number},
    {"maximum", Of::number},
    {"exclusiveMinimum", Of::number},
    {"exclusiveMaximum", Of::number},
    {"items", Of::array},
    {"prefixItems", Of::array},
    {"minItems", Of::array},
    {"maxItems", Of::array},
    {"properties", Of::object},
    {"additionalProperties", Of::object},
    {"required", Of::object},
};

// In the order of Type.
constexpr std::array<std::string_view, 7> kTypes = {"object", "array", "string", "number", "integer", "boolean", "null"};

bool is_whole(const OrderedJson& number) {
  return number.is_number_integer() || (number.is_number_float() && std::trunc(number.get<double>()) == number.get<double>());
}

}  // namespace

std::optional<Of> kind_of_keyword(std::string_view keyword) {
  if (keyword.starts_with("x-")) return Of::annotation;
  const auto known = kKeywords.find(keyword);
  return known == kKeywords.end() ? std::nullopt : std::optional(known->second);
}

std::optional<Types> named_types(const OrderedJson& schema, const std::string& place) {
  const OrderedJson* named = find(schema, "type");
  if (named == nullptr) return std::nullopt;
  Types types;
  const auto add = [&](const OrderedJson& type) {
    const auto known = type.is_string() ? std::ranges::find(kTypes, type.get_ref<const std::string&>()) : kTypes.end();
    if (known == kTypes.end())
      fail(below(place, "type"), fmt::format("one of {} was expected, or a list of them", fmt::join(kTypes, ", ")));
    types.set(static_cast<std::size_t>(known - kTypes.begin()));
  };
  if (named->is_array())
    for (const OrderedJson& type : *named) add(type);
  else
    add(*named);
  if (types.none()) fail(below(place, "type"), "has no types");
  if (types.test(number_type)) types.reset(integer_type);
  return types;
}

Types types_of_keywords(const OrderedJson& schema) {
  Types types;
  for (const auto& [keyword, value] : schema.items()) {
    const auto kind = kind_of_keyword(keyword);
    if (kind == Of::object) types.set(object_type);
    if (kind == Of::array) types.set(array_type);
    if (kind == Of::string) types.set(string_type);
    if (kind == Of::number) types.set(number_type);
  }
  return types.any() ? types : ~Types(1U << integer_type);
}

Types types_of_value(const OrderedJson& value) {
  Types types;
  if (value.is_object()) types.set(object_type);
  if (value.is_array()) types.set(array_type);
  if (value.is_string()) types.set(string_type);
  if (value.is_number()) types.set(number_type);
  if (value.is_number() && is_whole(value)) types.set(integer_type);
  if (value.is_boolean()) types.set(boolean_type);
  if (value.is_null()) types.set(null_type);
  return types;
}

const OrderedJson* find(const OrderedJson& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace midillama::grammar
