#include "grammar/references.h"

#include "grammar/place.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

namespace midillama::grammar {
namespace {

bool is_hexadecimal(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

// Without the percent signs of a URI.
std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && is_hexadecimal(text[i + 1]) && is_hexadecimal(text[i + 2]);
    result += is_escape ? static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)) : text[i];
    if (is_escape) i += 2;
  }
  return result;
}

// A part of a pointer (RFC 6901), without its escapes.
std::string name_of(std::string_view part) {
  std::string name;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool is_escape = part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
    name += !is_escape ? part[i] : part[++i] == '0' ? '~' : '/';
  }
  return name;
}

}  // namespace

const OrderedJson& References::target(const OrderedJson& referring, const std::string& place) {
  const std::string here = below(place, "$ref");
  const OrderedJson& reference = referring.at("$ref");
  if (!reference.is_string()) fail(here, "a text was expected");
  const auto& text = reference.get_ref<const std::string&>();
  if (!text.starts_with('#')) fail(here, fmt::format("\"{}\" is not supported: only parts of the same schema (#/…) are", shown(text)));
  const std::string pointer = unescaped(std::string_view(text).substr(1));
  const OrderedJson* part = pointer.empty() || pointer.starts_with('/') ? &schema_ : nullptr;
  for (std::size_t at = 0; part != nullptr && at < pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', at + 1), pointer.size());
    part = member(*part, name_of(std::string_view(pointer).substr(at + 1, end - at - 1)));
    at = end;
  }
  if (part == nullptr) fail(here, fmt::format("there is nothing at \"{}\"", shown(text)));
  return *part;
}

const OrderedJson* References::member(const OrderedJson& parent, const std::string& name) {
  if (parent.is_array()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    const bool is_index = error == std::errc() && end == name.data() + name.size() && std::to_string(index) == name;
    return is_index && index < parent.size() ? &parent[index] : nullptr;
  }
  if (!parent.is_object()) return nullptr;
  const auto [known, is_new] = members_.try_emplace(&parent);
  if (is_new) {
    for (const auto& [key, value] : parent.get_ref<const OrderedJson::object_t&>()) known->second.emplace(key, &value);
  }
  const auto found = known->second.find(name);
  return found == known->second.end() ? nullptr : found->second;
}

}  // namespace midillama::grammar
