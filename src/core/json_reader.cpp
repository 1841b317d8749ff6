#include "midillama/core/json_reader.h"

#include <fmt/format.h>

#include <set>
#include <vector>

namespace midillama {
namespace {

constexpr std::size_t kDeepest = 500;  // lists and objects in each other

bool is_too_deep(std::string_view json) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > kDeepest) return true;
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

template <typename AnyJson>
AnyJson parse_as(std::string_view text, const std::string& file) {
  require_shallow(text, file, "");
  try {
    return AnyJson::parse(text);
  } catch (const typename AnyJson::parse_error& error) {
    throw InputError(file, fmt::format("byte {}", error.byte), fmt::format("not valid JSON ({})", error.what()));
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& file) {
  return parse_as<Json>(text, file);
}

OrderedJson parse_ordered_json(std::string_view text, const std::string& file) {
  return parse_as<OrderedJson>(text, file);
}

Json parse_or_discard(std::string_view text) {
  return is_too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

std::optional<std::string> repeated_key(std::string_view json) {
  std::vector<std::set<std::string>> keys;
  std::optional<std::string> repeated;
  const auto look = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) repeated = value.get<std::string>();
    return true;
  };
  [[maybe_unused]] const Json value = Json::parse(json, look, false);
  return repeated;
}

void require_shallow(std::string_view json, const std::string& file, const std::string& place) {
  if (is_too_deep(json)) throw InputError(file, place, fmt::format("is nested more than {} deep", kDeepest));
}

}  // namespace midillama
