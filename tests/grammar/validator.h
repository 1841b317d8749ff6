// A validator of what the grammar room supports of JSON Schema, which knows nothing of how that room works.
#pragma once

#include "midillama/core/file.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace midillama::grammar {

class Validator {
 public:
  explicit Validator(const OrderedJson& schema) : root_(schema) {}

  bool holds(const OrderedJson& value) const { return holds(root_, value); }

 private:
  bool holds(const OrderedJson& schema, const OrderedJson& value) const {
    if (schema.is_boolean()) return schema.get<bool>();
    if (schema.contains("$ref") && !holds(target(schema["$ref"].get<std::string>().substr(1)), value)) return false;
    if (schema.contains("anyOf") && std::ranges::none_of(schema["anyOf"], [&](const auto& one) { return holds(one, value); })) return false;
    const auto holding = [&](const char* keyword) {
      return std::ranges::count_if(schema[keyword], [&](const auto& one) { return holds(one, value); });
    };
    if (schema.contains("oneOf") && holding("oneOf") != 1) return false;
    if (schema.contains("allOf") && holding("allOf") != static_cast<std::ptrdiff_t>(schema["allOf"].size())) return false;
    if (schema.contains("const") && schema["const"] != value) return false;
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) return false;
    if (schema.contains("type") && !has_type(schema["type"], value)) return false;
    if (value.is_number()) return holds_of_number(schema, value);
    if (value.is_string()) return is_within(schema, "minLength", "maxLength", characters(value.get<std::string>()));
    if (value.is_array()) return holds_of_array(schema, value);
    return !value.is_object() || holds_of_object(schema, value);
  }

  const OrderedJson& target(std::string pointer) const {
    for (std::size_t at; (at = pointer.find("%20")) != std::string::npos;) pointer.replace(at, 3, " ");
    return root_.at(OrderedJson::json_pointer(pointer));
  }

  static bool has_type(const OrderedJson& types, const OrderedJson& value) {
    if (types.is_array()) return std::ranges::any_of(types, [&](const auto& type) { return has_type(type, value); });
    const bool is_whole = value.is_number() && std::floor(value.get<double>()) == value.get<double>();
    return (types == "integer" && is_whole) || (types == "number" && value.is_number()) || types == value.type_name();
  }

  static bool is_within(const OrderedJson& schema, const char* least, const char* most, double value) {
    return (!schema.contains(least) || value >= schema[least].get<double>()) &&
           (!schema.contains(most) || value <= schema[most].get<double>());
  }

  static bool holds_of_number(const OrderedJson& schema, const OrderedJson& value) {
    const double number = value.get<double>();
    if (schema.contains("exclusiveMinimum") && number <= schema["exclusiveMinimum"].get<double>()) return false;
    if (schema.contains("exclusiveMaximum") && number >= schema["exclusiveMaximum"].get<double>()) return false;
    return is_within(schema, "minimum", "maximum", number);
  }

  static double characters(const std::string& text) {
    return static_cast<double>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
  }

  bool holds_of_array(const OrderedJson& schema, const OrderedJson& value) const {
    const OrderedJson prefix = schema.value("prefixItems", OrderedJson::array());
    for (std::size_t i = 0; i < value.size(); ++i) {
      const bool is_given = i < prefix.size();
      if (is_given ? !holds(prefix[i], value[i]) : schema.contains("items") && !holds(schema["items"], value[i])) return false;
    }
    return is_within(schema, "minItems", "maxItems", static_cast<double>(value.size()));
  }

  bool holds_of_object(const OrderedJson& schema, const OrderedJson& value) const {
    const OrderedJson properties = schema.value("properties", OrderedJson::object());
    for (const auto& [key, item] : value.items()) {
      if (properties.contains(key)) {
        if (!holds(properties[key], item)) return false;
      } else if (schema.contains("additionalProperties") && !holds(schema["additionalProperties"], item)) {
        return false;
      }
    }
    const OrderedJson required = schema.value("required", OrderedJson::array());
    return std::ranges::all_of(required, [&](const auto& name) { return value.contains(name.template get<std::string>()); });
  }

  const OrderedJson& root_;
};

}  // namespace midillama::grammar
