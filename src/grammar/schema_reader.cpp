#include "grammar/schema_reader.h"

#include "grammar/decimal.h"
#include "midillama/core/error.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace midillama::grammar {
namespace {

constexpr std::size_t kMostParts = 10'000;    // values and properties
constexpr std::size_t kMostVisits = 100'000;  // of alternatives, which can multiply through references
constexpr std::size_t kLongestChain = 200;    // references and anyOf in each other
constexpr std::int64_t kLargestInteger = 999'999'999'999'999'999;

// Decimals of as many digits are told apart by every program that reads them as doubles, and are ordered as their doubles are.
constexpr int kExactDigits = 15;
constexpr std::int64_t kLargestScaled = 999'999'999'999'999;

enum class Of { annotation, reference, any_type, string, number, array, object };

const std::map<std::string_view, Of> kKeywords = {
    {"title", Of::annotation},
    {"description", Of::annotation},
    {"default", Of::annotation},
    {"examples", Of::annotation},
    {"deprecated", Of::annotation},
    {"readOnly", Of::annotation},
    {"writeOnly", Of::annotation},
    {"$comment", Of::annotation},
    {"$schema", Of::annotation},
    {"$id", Of::annotation},
    {"$defs", Of::annotation},
    {"definitions", Of::annotation},
    {"$ref", Of::reference},
    {"anyOf", Of::reference},
    {"type", Of::any_type},
    {"enum", Of::any_type},
    {"const", Of::any_type},
    {"minLength", Of::string},
    {"maxLength", Of::string},
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

const std::vector<std::string> kTypes = {"object", "array", "string", "number", "integer", "boolean", "null"};

std::string below(const std::string& place, std::string_view key) {
  std::string escaped;
  for (const char c : key) escaped += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return place + "/" + escaped;
}

std::string below(const std::string& place, std::size_t index) {
  return below(place, std::to_string(index));
}

const OrderedJson* find(const OrderedJson& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::int64_t characters_of(const std::string& text) {
  return std::ranges::count_if(text, [](char c) { return !text::is_continuation(c); });
}

bool is_whole(const OrderedJson& number) {
  return number.is_number_integer() || (number.is_number_float() && std::trunc(number.get<double>()) == number.get<double>());
}

bool is_of_type(const OrderedJson& value, const std::string& type) {
  if (type == "integer") return is_whole(value);
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  return type == "array" ? value.is_array() : value.is_object();
}

const OrderedJson& list_at(const OrderedJson& schema, const char* keyword, const std::string& place) {
  const OrderedJson& list = schema.at(keyword);
  if (!list.is_array()) fail(below(place, keyword), "a list was expected");
  return list;
}

// A number of characters or items.
std::int64_t count_at(const OrderedJson& schema, const char* keyword, const std::string& place, std::int64_t otherwise) {
  const OrderedJson* count = find(schema, keyword);
  if (count == nullptr) return otherwise;
  if (!count->is_number() || !is_whole(*count) || *count < 0) fail(below(place, keyword), "a whole number of 0 or more was expected");
  return scaled_floor(to_decimal(*count), 0).value;
}

std::optional<Decimal> bound_at(const OrderedJson& schema, const char* keyword, const std::string& place) {
  const OrderedJson* bound = find(schema, keyword);
  if (bound == nullptr) return std::nullopt;
  if (!bound->is_number()) fail(below(place, keyword), "a number was expected");
  return to_decimal(*bound);
}

struct Bounds {
  std::optional<Decimal> low, above, high, below;

  bool are_open() const { return !low && !above && !high && !below; }

  // Digits after the point that leave enough before it.
  int places() const {
    constexpr int kWholeDigits = 9;  // where the schema does not say how large a number gets
    int whole = (low || above) && (high || below) ? 1 : kWholeDigits;
    for (const auto& bound : {low, above, high, below}) whole = std::max(whole, bound ? bound->whole_digits() : 0);
    return std::max(0, kExactDigits - whole);
  }

  BoundedNumberNode node(int places, std::int64_t largest) const {
    BoundedNumberNode node{places, -largest, largest};
    const auto floor_of = [&](const std::optional<Decimal>& bound) { return scaled_floor(*bound, places); };
    if (low) node.low = std::max(node.low, floor_of(low).value + (floor_of(low).is_exact ? 0 : 1));
    if (above) node.low = std::max(node.low, floor_of(above).value + 1);
    if (high) node.high = std::min(node.high, floor_of(high).value);
    if (below) node.high = std::min(node.high, floor_of(below).value - (floor_of(below).is_exact ? 1 : 0));
    return node;
  }
};

class SchemaReader {
 public:
  explicit SchemaReader(const OrderedJson& json) : json_(json) {}

  Schema read() {
    schema_.root = value_at(json_, "#");
    while (!pending_.empty()) {
      const Pending next = pending_.back();
      pending_.pop_back();
      const std::string place = schema_.values[next.value].place;
      Nodes alternatives = alternatives_of(*next.json, place);  // which adds values
      schema_.values[next.value].alternatives = std::move(alternatives);
    }
    return std::move(schema_);
  }

 private:
  using Nodes = std::vector<NodeId>;

  struct Pending {
    const OrderedJson* json;
    ValueId value;
  };

  // The value of a schema, which is read later: schemas can contain themselves.
  ValueId value_at(const OrderedJson& json, const std::string& place) {
    const auto [known, is_new] = values_.emplace(&json, static_cast<ValueId>(schema_.values.size()));
    if (!is_new) return known->second;
    pending_.push_back({&json, add_value(place)});
    return known->second;
  }

  ValueId add_value(const std::string& place, Nodes alternatives = {}) {
    count_part(place);
    schema_.values.push_back({place, std::move(alternatives)});
    return static_cast<ValueId>(schema_.values.size() - 1);
  }

  NodeId add_node(Node node) {
    schema_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(schema_.nodes.size() - 1);
  }

  void count_part(const std::string& place) {
    if (++parts_ > kMostParts) fail(place, fmt::format("the schema is too large: it has more than {} values and properties", kMostParts));
  }

  Nodes alternatives_of(const OrderedJson& json, const std::string& place) {
    if (++visits_ > kMostVisits) fail(place, "the schema is too large: its references lead to too many alternatives");
    if (json == true) return any_value();
    if (json == false) fail(place, "false allows no value");
    if (!json.is_object()) fail(place, "a schema was expected: an object, or true");
    check_keywords(json, place);
    if (std::ranges::find(open_, &json) != open_.end()) fail(place, "refers to itself without an array or object between");
    if (open_.size() == kLongestChain) fail(place, "is reached through too many references");
    open_.push_back(&json);
    Nodes nodes = find(json, "$ref") != nullptr    ? referenced(json, place)
                  : find(json, "anyOf") != nullptr ? any_of(json, place)
                                                   : own_nodes(json, place);
    open_.pop_back();
    return nodes;
  }

  void check_keywords(const OrderedJson& json, const std::string& place) const {
    const char* alone = nullptr;
    for (const auto& [keyword, value] : json.items()) {
      const auto known = kKeywords.find(keyword);
      if (known == kKeywords.end()) fail(below(place, keyword), "is not supported");
      if (known->second == Of::reference) alone = known->first.data();
      if (keyword == "$id" && &json != &json_) fail(below(place, keyword), "is supported in the whole schema only: it says what # is");
    }
    if (alone == nullptr) return;
    for (const auto& [keyword, value] : json.items()) {
      if (keyword != alone && kKeywords.at(keyword) != Of::annotation)
        fail(below(place, keyword), fmt::format("is not supported beside {}", alone));
    }
  }

  // --- References and alternatives

  Nodes referenced(const OrderedJson& json, const std::string& place) {
    const OrderedJson& reference = json.at("$ref");
    const std::string here = below(place, "$ref");
    if (!reference.is_string()) fail(here, "a text was expected");
    const auto& pointer = reference.get_ref<const std::string&>();
    if (!pointer.starts_with('#')) fail(here, fmt::format("\"{}\" is not supported: only parts of the same schema (#/…) are", pointer));
    return alternatives_of(target_of(unescaped(pointer.substr(1)), here), pointer);
  }

  // Without the percent signs of a URI.
  static std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool is_escape = text[i] == '%' && i + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                             std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
      result += is_escape ? static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16)) : text[i];
      if (is_escape) i += 2;
    }
    return result;
  }

  const OrderedJson& target_of(const std::string& pointer, const std::string& place) const {
    try {
      return json_.at(OrderedJson::json_pointer(pointer));
    } catch (const OrderedJson::exception&) {
      fail(place, fmt::format("there is nothing at \"#{}\"", pointer));
    }
  }

  Nodes any_of(const OrderedJson& json, const std::string& place) {
    const OrderedJson& list = list_at(json, "anyOf", place);
    if (list.empty()) fail(below(place, "anyOf"), "has no alternatives");
    Nodes nodes;
    std::set<NodeId> known;
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (const NodeId node : alternatives_of(list[i], below(below(place, "anyOf"), i))) {
        if (known.insert(node).second) nodes.push_back(node);
      }
    }
    return nodes;
  }

  Nodes any_value() {
    if (!any_value_) {
      any_value_ = add_value("#");
      schema_.values[*any_value_].alternatives = {add_node(ObjectNode{.additional = any_value_}), add_node(ArrayNode{.items = any_value_}),
                                                  add_node(StringNode{}), add_node(NumberNode{}),
                                                  add_node(literals({"false", "null", "true"}))};
    }
    return schema_.values[*any_value_].alternatives;
  }

  // --- What a schema says itself

  Nodes own_nodes(const OrderedJson& json, const std::string& place) {
    if (const auto known = nodes_.find(&json); known != nodes_.end()) return known->second;
    const bool is_enumerated = find(json, "enum") != nullptr || find(json, "const") != nullptr;
    Nodes nodes = is_enumerated ? enumerated(json, place) : of_types(json, place);
    return nodes_.emplace(&json, std::move(nodes)).first->second;
  }

  static LiteralNode literals(const std::set<std::string>& texts) {
    LiteralNode node;
    for (const std::string& text : texts) node.spellings.push_back({text});
    return node;
  }

  // In the order of kTypes.
  static std::set<std::string> types_of(const OrderedJson& json, const std::string& place) {
    const OrderedJson* types = find(json, "type");
    if (types == nullptr) return types_of_keywords(json);
    std::set<std::string> found;
    for (const OrderedJson& type : types->is_array() ? *types : OrderedJson::array({*types})) {
      if (!type.is_string() || std::ranges::find(kTypes, type.get_ref<const std::string&>()) == kTypes.end())
        fail(below(place, "type"), fmt::format("one of {} was expected, or a list of them", fmt::join(kTypes, ", ")));
      found.insert(type.get<std::string>());
    }
    if (found.empty()) fail(below(place, "type"), "has no types");
    if (found.contains("number")) found.erase("integer");
    return found;
  }

  // A schema that does not say it is meant for the types that its keywords speak of.
  static std::set<std::string> types_of_keywords(const OrderedJson& json) {
    static const std::map<Of, std::string> kNames = {
        {Of::string, "string"}, {Of::number, "number"}, {Of::array, "array"}, {Of::object, "object"}};
    std::set<std::string> found;
    for (const auto& [keyword, value] : json.items()) {
      if (const auto name = kNames.find(kKeywords.at(keyword)); name != kNames.end()) found.insert(name->second);
    }
    return found;
  }

  Nodes of_types(const OrderedJson& json, const std::string& place) {
    const auto types = types_of(json, place);
    if (types.empty()) return any_value();
    Nodes nodes;
    for (const std::string& type : kTypes) {
      if (types.contains(type)) nodes.push_back(add_node(of_type(type, json, place)));
    }
    return nodes;
  }

  Node of_type(const std::string& type, const OrderedJson& json, const std::string& place) {
    if (type == "object") return object(json, place);
    if (type == "array") return array(json, place);
    if (type == "string") return string(json, place);
    if (type == "boolean") return literals({"false", "true"});
    if (type == "null") return literals({"null"});
    return number(json, place, type == "integer");
  }

  static StringNode string(const OrderedJson& json, const std::string& place) {
    StringNode node;
    node.fewest = count_at(json, "minLength", place, node.fewest);
    node.most = count_at(json, "maxLength", place, node.most);
    if (node.fewest > node.most) fail(below(place, "minLength"), "is above maxLength");
    return node;
  }

  static Node number(const OrderedJson& json, const std::string& place, bool is_integer) {
    const Bounds bounds{bound_at(json, "minimum", place), bound_at(json, "exclusiveMinimum", place), bound_at(json, "maximum", place),
                        bound_at(json, "exclusiveMaximum", place)};
    if (!is_integer && bounds.are_open()) return NumberNode{};
    const auto node = is_integer ? bounds.node(0, kLargestInteger) : bounds.node(bounds.places(), kLargestScaled);
    if (node.low > node.high) {
      fail(place, fmt::format("no {} of at most {} digits is within its bounds", is_integer ? "integer" : "number",
                              is_integer ? 18 : kExactDigits));
    }
    return node;
  }

  ArrayNode array(const OrderedJson& json, const std::string& place) {
    ArrayNode node;
    if (find(json, "prefixItems") != nullptr) {
      const OrderedJson& prefix = list_at(json, "prefixItems", place);
      for (std::size_t i = 0; i < prefix.size(); ++i) node.prefix.push_back(value_at(prefix[i], below(below(place, "prefixItems"), i)));
    }
    const OrderedJson* items = find(json, "items");
    if (items != nullptr && items->is_array()) fail(below(place, "items"), "a list is not supported: prefixItems is");
    if (items != nullptr && *items != false) node.items = value_at(*items, below(place, "items"));
    if (items == nullptr && find(json, "prefixItems") == nullptr) node.items = any_value_id();
    node.fewest = count_at(json, "minItems", place, node.fewest);
    node.most = count_at(json, "maxItems", place, node.most);
    if (node.fewest > node.most) fail(below(place, "minItems"), "is above maxItems");
    if (!node.items) node.most = std::min(node.most, static_cast<std::int64_t>(node.prefix.size()));
    if (node.fewest > node.most) fail(below(place, "minItems"), "asks for more items than have a schema");
    return node;
  }

  ValueId any_value_id() {
    any_value();
    return *any_value_;
  }

  ObjectNode object(const OrderedJson& json, const std::string& place) {
    ObjectNode node;
    const OrderedJson* additional = find(json, "additionalProperties");
    const OrderedJson* properties = find(json, "properties");
    if (additional != nullptr && *additional != false) node.additional = value_at(*additional, below(place, "additionalProperties"));
    if (additional == nullptr && properties == nullptr) node.additional = any_value_id();
    if (properties != nullptr && !properties->is_object()) fail(below(place, "properties"), "an object was expected");
    static const OrderedJson kNoProperties = OrderedJson::object();
    for (const auto& [name, value] : (properties != nullptr ? *properties : kNoProperties).items()) {
      add_property(node, name, value_at(value, below(below(place, "properties"), name)), place);
    }
    if (find(json, "required") != nullptr) require(node, list_at(json, "required", place), below(place, "required"));
    std::ranges::sort(node.keys, {}, &Spelling::text);
    return node;
  }

  void add_property(ObjectNode& node, const std::string& name, ValueId value, const std::string& place) {
    count_part(place);
    node.keys.push_back({OrderedJson(name).dump() + ":", static_cast<std::uint32_t>(node.properties.size())});
    node.properties.push_back({.value = value});
  }

  // A name that `properties` does not have is one of the additional ones.
  void require(ObjectNode& node, const OrderedJson& names, const std::string& place) {
    std::unordered_map<std::string, std::uint32_t> known;
    for (const Spelling& key : node.keys) known.emplace(key.text, key.property);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!names[i].is_string()) fail(below(place, i), "a name was expected");
      const auto [found, is_new] = known.emplace(names[i].dump() + ":", static_cast<std::uint32_t>(node.properties.size()));
      if (is_new && !node.additional) fail(below(place, i), fmt::format("{} is not among the properties", names[i].dump()));
      if (is_new) add_property(node, names[i].get<std::string>(), *node.additional, place);
      node.properties[found->second].is_required = true;
    }
  }

  // --- Given values

  Nodes enumerated(const OrderedJson& json, const std::string& place) {
    const char* keyword = find(json, "enum") != nullptr ? "enum" : "const";
    for (const auto& [other, value] : json.items()) {
      if (const Of of = kKeywords.at(other); of == Of::array || of == Of::object)
        fail(below(place, other), fmt::format("is not supported beside {}", keyword));
    }
    const std::string here = below(place, keyword);
    const OrderedJson values = json.contains("enum") ? list_at(json, "enum", place) : OrderedJson::array({json.at("const")});
    if (values.empty()) fail(here, "has no values");
    std::set<std::string> scalars;
    Nodes nodes;
    for (const OrderedJson& value : values) {
      if (!fits(value, json, place)) continue;
      if (value.is_structured()) {
        nodes.push_back(constant(value, here));
      } else {
        scalars.insert(spelled(value, here));
      }
    }
    if (!scalars.empty()) nodes.push_back(add_node(literals(scalars)));
    if (nodes.empty()) fail(here, "no value agrees with the keywords beside it");
    return nodes;
  }

  // Whether a given value keeps to what is said beside it.
  static bool fits(const OrderedJson& value, const OrderedJson& json, const std::string& place) {
    if (const auto* only = find(json, "const"); only != nullptr && value != *only) return false;
    if (json.contains("type")) {
      const auto types = types_of(json, place);
      if (std::ranges::none_of(types, [&](const std::string& type) { return is_of_type(value, type); })) return false;
    }
    const StringNode lengths = string(json, place);
    if (value.is_string()) {
      const std::int64_t characters = characters_of(value.get_ref<const std::string&>());
      return characters >= lengths.fewest && characters <= lengths.most;
    }
    const auto bound = [&](const char* keyword, const auto& holds) {
      return !bound_at(json, keyword, place) || !value.is_number() || holds(value, json.at(keyword));
    };
    return bound("minimum", std::greater_equal<OrderedJson>()) && bound("maximum", std::less_equal<OrderedJson>()) &&
           bound("exclusiveMinimum", std::greater<OrderedJson>()) && bound("exclusiveMaximum", std::less<OrderedJson>());
  }

  static std::string spelled(const OrderedJson& scalar, const std::string& place) {
    constexpr double kFirstInexact = 18446744073709551616.0;  // integers from here on are read as doubles
    if (scalar.is_number_float() && std::abs(scalar.get<double>()) >= kFirstInexact)
      fail(place, fmt::format("{} is too large to be told from its neighbours", scalar.dump()));
    return scalar.dump();
  }

  NodeId constant(const OrderedJson& value, const std::string& place) {
    if (value.is_array()) {
      ArrayNode node;
      for (const OrderedJson& item : value) node.prefix.push_back(add_value(place, {constant(item, place)}));
      node.fewest = node.most = static_cast<std::int64_t>(value.size());
      return add_node(std::move(node));
    }
    if (value.is_object()) {
      ObjectNode node;
      for (const auto& [name, item] : value.items()) {
        add_property(node, name, add_value(place, {constant(item, place)}), place);
        node.properties.back().is_required = true;
      }
      std::ranges::sort(node.keys, {}, &Spelling::text);
      return add_node(std::move(node));
    }
    return add_node(literals({spelled(value, place)}));
  }

  const OrderedJson& json_;
  Schema schema_;
  std::vector<Pending> pending_;
  std::unordered_map<const OrderedJson*, ValueId> values_;  // by what they are written as
  std::unordered_map<const OrderedJson*, Nodes> nodes_;
  std::vector<const OrderedJson*> open_;  // that lead to the one that is read
  std::optional<ValueId> any_value_;
  std::size_t parts_ = 0, visits_ = 0;
};

}  // namespace

void fail(const std::string& place, const std::string& what) {
  throw InputError("the schema", place, what);
}

Schema read_schema(const OrderedJson& json) {
  return SchemaReader(json).read();
}

Schema object_schema() {
  static const OrderedJson kAnyObject = {{"type", "object"}};
  return read_schema(kAnyObject);
}

}  // namespace midillama::grammar
