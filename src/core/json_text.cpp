#include "midillama/core/json_text.h"

#include <fmt/format.h>

#include <cmath>

namespace midillama {
namespace {

template <typename AnyJson>
void require_finite(const AnyJson& json, const std::string& place) {
  if (json.is_number_float() && !std::isfinite(json.template get<double>()))
    throw Error(fmt::format("{} is {}: JSON cannot hold it", place.empty() ? "the number" : place, json.template get<double>()));
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) require_finite(value, place.empty() ? key : place + "." + key);
}

template <typename AnyJson>
std::string text_of(const AnyJson& json, int indent) {
  require_finite(json, "");
  return json.dump(indent, ' ', false, AnyJson::error_handler_t::replace);
}

}  // namespace

std::string json_text(const Json& json, int indent) {
  return text_of(json, indent);
}

std::string json_text(const OrderedJson& json, int indent) {
  return text_of(json, indent);
}

std::string json_line(const OrderedJson& json) {
  return json_text(json) + '\n';
}

}  // namespace midillama
