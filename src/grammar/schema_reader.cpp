#include "grammar/schema_reader.h"

#include "grammar/budget.h"
#include "grammar/decimal.h"
#include "grammar/formats.h"
#include "grammar/keywords.h"
#include "grammar/one_of.h"
#include "grammar/pattern.h"
#include "grammar/place.h"
#include "grammar/references.h"
#include "grammar/texts.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace midillama::grammar {
namespace {

constexpr std::size_t kLongestChain = 200;     // references and alternatives in each other
constexpr std::size_t kMostAlternatives = 64;  // of a value, all given values counted as one: each may be read beside the others
constexpr std::int64_t kLargestInteger = 999'999'999'999'999'999;

// Decimals of as many digits are told apart by every program that reads them as doubles, and are ordered as their doubles are.
constexpr int kExactDigits = 15;
constexpr std::int64_t kLargestScaled = 999'999'999'999'999;

const OrderedJson& list_at(const OrderedJson& schema, const char* keyword, const std::string& place) {
  const OrderedJson& list = schema.at(keyword);
  if (!list.is_array()) fail(below(place, keyword), "a list was expected");
  return list;
}

// Nothing where the keyword is not there.
const std::string* text_at(const OrderedJson& schema, const char* keyword, const std::string& place) {
  const OrderedJson* text = find(schema, keyword);
  if (text != nullptr && !text->is_string()) fail(below(place, keyword), "a text was expected");
  return text == nullptr ? nullptr : &text->get_ref<const std::string&>();
}

// A number of characters or items.
std::int64_t count_at(const OrderedJson& schema, const char* keyword, const std::string& place, std::int64_t otherwise) {
  const OrderedJson* count = find(schema, keyword);
  if (count == nullptr) return otherwise;
  if (!types_of_value(*count).test(integer_type) || *count < 0) fail(below(place, keyword), "a whole number of 0 or more was expected");
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
  explicit SchemaReader(const OrderedJson& json) : json_(json), references_(json) {}

  Schema read() {
    schema_.root = value_at(json_, "#");
    while (!pending_.empty()) {
      const Pending next = pending_.back();
      pending_.pop_back();
      const std::string place = schema_.values[next.value].place;
      std::vector<NodeId> nodes = nodes_of(alternatives_of(*next.json, place), place);  // which adds values
      schema_.values[next.value].alternatives = std::move(nodes);
    }
    for (const auto& [list, place] : one_ofs_) {
      for (const Tag& tag : require_disjoint(*list, references_, budget_, place)) require(tag);
    }
    schema_.size = budget_.spent();
    return std::move(schema_);
  }

 private:
  using TextsId = std::size_t;  // of some given values

  // What a schema allows. Given values are put together where a value is made of it.
  struct Alternatives {
    std::vector<NodeId> nodes;
    std::vector<TextsId> texts;
  };

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

  ValueId add_value(const std::string& place) {
    budget_.charge(Budget::kValue, "values", place);
    schema_.values.push_back({place});
    return static_cast<ValueId>(schema_.values.size() - 1);
  }

  NodeId add_node(Node node, const std::string& place) {
    budget_.charge(Budget::kNode, "values", place);
    schema_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(schema_.nodes.size() - 1);
  }

  TextsId add_texts(std::set<std::string> texts) {
    texts_.push_back(std::move(texts));
    return texts_.size() - 1;
  }

  std::vector<NodeId> nodes_of(const Alternatives& alternatives, const std::string& place) {
    std::vector<NodeId> nodes = alternatives.nodes;
    if (!alternatives.texts.empty()) nodes.push_back(given_node(alternatives.texts, place));
    if (nodes.size() > kMostAlternatives)
      fail(place, fmt::format("has more than {} alternatives (all given values are one)", kMostAlternatives));
    return nodes;
  }

  NodeId given_node(const std::vector<TextsId>& ids, const std::string& place) {
    if (const auto known = given_nodes_.find(ids); known != given_nodes_.end()) return known->second;
    std::set<std::string> texts;
    for (const TextsId id : ids) {
      budget_.charge(Budget::kAlternative * static_cast<std::int64_t>(texts_[id].size()), "given values", place);
      texts.insert(texts_[id].begin(), texts_[id].end());
    }
    const NodeId node = add_node(given_texts(texts, budget_, place), place);
    given_nodes_.emplace(ids, node);
    return node;
  }

  const Alternatives& alternatives_of(const OrderedJson& json, const std::string& place) {
    if (const auto known = alternatives_.find(&json); known != alternatives_.end()) return known->second;
    if (json == false) fail(place, "false allows no value");
    if (json != true && !json.is_object()) fail(place, "a schema was expected: an object, or true");
    if (std::ranges::find(open_, &json) != open_.end()) fail(place, "refers to itself without an array or object between");
    if (open_.size() == kLongestChain) fail(place, "is reached through too many references");
    open_.push_back(&json);
    Alternatives alternatives = json.is_object() ? read_schema(json, place) : any_value();
    open_.pop_back();
    budget_.charge(static_cast<std::int64_t>(alternatives.nodes.size() + alternatives.texts.size()), "alternatives", place);
    return alternatives_.emplace(&json, std::move(alternatives)).first->second;
  }

  Alternatives read_schema(const OrderedJson& json, const std::string& place) {
    const std::string alone = checked_keywords(json, place);
    if (alone == "$ref") {
      const OrderedJson& target = references_.target(json, place);
      return alternatives_of(target, shown(json.at("$ref").get_ref<const std::string&>()));
    }
    if (!alone.empty()) return chosen_from(json, alone, place);
    const bool is_enumerated = find(json, "enum") != nullptr || find(json, "const") != nullptr;
    return is_enumerated ? enumerated(json, place) : of_types(json, place);
  }

  // The keyword that says it all, where there is one.
  std::string checked_keywords(const OrderedJson& json, const std::string& place) const {
    std::string alone;
    for (const auto& [keyword, value] : json.items()) {
      const auto kind = kind_of_keyword(keyword);
      if (!kind) fail(below(place, keyword), "is not supported");
      if (kind == Of::reference) alone = keyword;
      if (keyword == "$id" && &json != &json_) fail(below(place, keyword), "is supported in the whole schema only: it says what # is");
    }
    if (alone.empty()) return alone;
    for (const auto& [keyword, value] : json.items()) {
      if (keyword != alone && kind_of_keyword(keyword) != Of::annotation)
        fail(below(place, keyword), fmt::format("is not supported beside {}", alone));
    }
    return alone;
  }

  // anyOf, oneOf, and allOf of one.
  Alternatives chosen_from(const OrderedJson& json, const std::string& keyword, const std::string& place) {
    const OrderedJson& list = list_at(json, keyword.c_str(), place);
    const std::string here = below(place, keyword);
    if (list.empty()) fail(here, "has no alternatives");
    if (keyword == "allOf" && list.size() > 1) fail(here, "is supported with one schema only");
    Alternatives all;
    std::set<NodeId> known_nodes;
    std::set<TextsId> known_texts;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Alternatives& one = alternatives_of(list[i], below(here, i));
      budget_.charge(Budget::kAlternative + static_cast<std::int64_t>(one.nodes.size() + one.texts.size()), "alternatives", here);
      std::ranges::copy_if(one.nodes, std::back_inserter(all.nodes), [&](NodeId node) { return known_nodes.insert(node).second; });
      std::ranges::copy_if(one.texts, std::back_inserter(all.texts), [&](TextsId texts) { return known_texts.insert(texts).second; });
    }
    if (keyword == "oneOf") one_ofs_.emplace_back(&list, here);
    return all;
  }

  const Alternatives& any_value() {
    if (!any_value_) {
      any_value_ = add_value("#");
      any_alternatives_ = {{add_node(ObjectNode{.additional = any_value_}, "#"), add_node(ArrayNode{.items = any_value_}, "#"),
                            add_node(StringNode{}, "#"), add_node(NumberNode{}, "#")},
                           {add_texts({"false", "null", "true"})}};
      schema_.values[*any_value_].alternatives = nodes_of(any_alternatives_, "#");
    }
    return any_alternatives_;
  }

  ValueId any_value_id() {
    any_value();
    return *any_value_;
  }

  // --- What a schema says itself

  Alternatives of_types(const OrderedJson& json, const std::string& place) {
    const auto named = named_types(json, place);
    const Types types = named.value_or(types_of_keywords(json));
    if (!named && types.test(null_type)) return any_value();  // no keyword speaks of a type
    Alternatives result;
    const auto add = [&](Node node) { result.nodes.push_back(add_node(std::move(node), place)); };
    if (types.test(object_type)) {
      add(object(json, place));
      objects_.emplace(&json, result.nodes.back());
    }
    if (types.test(array_type)) add(array(json, place));
    if (types.test(string_type)) result.nodes.push_back(string(json, place));
    if (types.test(number_type)) add(number(json, place, false));
    if (types.test(integer_type)) add(number(json, place, true));
    if (types.test(boolean_type)) result.texts.push_back(add_texts({"false", "true"}));
    if (types.test(null_type)) result.texts.push_back(add_texts({"null"}));
    return result;
  }

  static StringNode lengths(const OrderedJson& json, const std::string& place) {
    StringNode node;
    node.fewest = count_at(json, "minLength", place, node.fewest);
    node.most = count_at(json, "maxLength", place, node.most);
    if (node.fewest > node.most) fail(below(place, "minLength"), "is above maxLength");
    return node;
  }

  NodeId string(const OrderedJson& json, const std::string& place) {
    const StringNode node = lengths(json, place);
    const std::vector<std::string> patterns = patterns_of(json, place);
    if (patterns.empty()) return add_node(node, place);
    const auto [known, is_new] = pattern_nodes_.try_emplace({patterns, node.fewest, node.most});
    if (is_new) known->second = add_node(patterned(patterns, node, place), place);
    return known->second;
  }

  static std::vector<std::string> patterns_of(const OrderedJson& json, const std::string& place) {
    std::vector<std::string> patterns;
    if (const std::string* format = text_at(json, "format", place); format != nullptr) {
      const auto pattern = pattern_of_format(*format);
      if (!pattern) fail(below(place, "format"), fmt::format("\"{}\" is not supported: {} are", shown(*format), known_formats()));
      if (!pattern->empty()) patterns.push_back(*pattern);
    }
    if (const std::string* pattern = text_at(json, "pattern", place); pattern != nullptr) patterns.push_back(*pattern);
    return patterns;
  }

  TextNode patterned(const std::vector<std::string>& patterns, const StringNode& lengths, const std::string& place) {
    TextMachine machine(budget_, place);
    std::vector<TextMachine::Demand> demands;
    for (const std::string& pattern : patterns)
      std::ranges::copy(add_pattern(machine, pattern, below(place, "pattern")), std::back_inserter(demands));
    TextNode node = machine.strings(demands, lengths.fewest);
    if (node.states.empty()) fail(place, "no text agrees with its pattern, its format and its length");
    node.most = lengths.most;
    return node;
  }

  static Bounds bounds(const OrderedJson& json, const std::string& place) {
    return {bound_at(json, "minimum", place), bound_at(json, "exclusiveMinimum", place), bound_at(json, "maximum", place),
            bound_at(json, "exclusiveMaximum", place)};
  }

  static Node number(const OrderedJson& json, const std::string& place, bool is_integer) {
    const Bounds limits = bounds(json, place);
    if (!is_integer && limits.are_open()) return NumberNode{};
    const auto node = is_integer ? limits.node(0, kLargestInteger) : limits.node(limits.places(), kLargestScaled);
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
      const std::string here = below(place, "prefixItems");
      budget_.charge(Budget::kItem * static_cast<std::int64_t>(prefix.size()), "items", here);
      for (std::size_t i = 0; i < prefix.size(); ++i) node.prefix.push_back(value_at(prefix[i], below(here, i)));
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

  ObjectNode object(const OrderedJson& json, const std::string& place) {
    ObjectNode node;
    const OrderedJson* additional = find(json, "additionalProperties");
    const OrderedJson* properties = find(json, "properties");
    if (additional != nullptr && *additional != false) node.additional = value_at(*additional, below(place, "additionalProperties"));
    if (additional == nullptr && properties == nullptr) node.additional = any_value_id();
    if (properties != nullptr && !properties->is_object()) fail(below(place, "properties"), "an object was expected");
    static const OrderedJson kNoProperties = OrderedJson::object();
    const std::string here = below(place, "properties");
    for (const auto& [name, value] : (properties != nullptr ? *properties : kNoProperties).items()) {
      add_property(node, OrderedJson(name).dump() + ":", value_at(value, below(here, name)), here);
    }
    if (find(json, "required") != nullptr) require(node, list_at(json, "required", place), below(place, "required"));
    std::ranges::sort(node.keys, {}, &Spelling::text);
    return node;
  }

  void add_property(ObjectNode& node, std::string key, ValueId value, const std::string& place) {
    budget_.charge(Budget::kProperty + static_cast<std::int64_t>(key.size()), "properties", place);
    node.keys.push_back({std::move(key), static_cast<std::uint32_t>(node.properties.size())});
    node.properties.push_back({.value = value});
  }

  // A name that `properties` does not have is one of the additional ones.
  void require(ObjectNode& node, const OrderedJson& names, const std::string& place) {
    std::unordered_map<std::string, std::uint32_t> known;
    for (const Spelling& key : node.keys) known.emplace(key.text, key.property);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!names[i].is_string()) fail(below(place, i), "a name was expected");
      std::string key = names[i].dump() + ":";
      const auto [found, is_new] = known.emplace(key, static_cast<std::uint32_t>(node.properties.size()));
      if (is_new && !node.additional) fail(below(place, i), fmt::format("{} is not among the properties", shown(names[i].dump())));
      if (is_new) add_property(node, std::move(key), *node.additional, place);
      node.properties[found->second].is_required = true;
    }
  }

  void require(const Tag& tag) {
    auto& node = std::get<ObjectNode>(schema_.nodes[objects_.at(tag.object)]);
    const std::string key = OrderedJson(tag.name).dump() + ":";
    node.properties[std::ranges::lower_bound(node.keys, key, {}, &Spelling::text)->property].is_required = true;
  }

  // --- Given values

  Alternatives enumerated(const OrderedJson& json, const std::string& place) {
    const OrderedJson* list = find(json, "enum");
    const OrderedJson* only = find(json, "const");
    const char* keyword = list != nullptr ? "enum" : "const";
    for (const auto& [other, value] : json.items()) {
      const auto kind = kind_of_keyword(other);
      if (kind == Of::array || kind == Of::object || other == "pattern" || other == "format")
        fail(below(place, other), fmt::format("is not supported beside {}", keyword));
    }
    const std::string here = below(place, keyword);
    if (list != nullptr && list_at(json, "enum", place).empty()) fail(here, "has no values");
    const auto types = named_types(json, place);
    const StringNode counts = lengths(json, place);
    bounds(json, place);  // which they must be
    // Whether a given value keeps to what is said beside it.
    const auto fits = [&](const OrderedJson& value) {
      if (only != nullptr && value != *only) return false;
      if (types && (*types & types_of_value(value)).none()) return false;
      if (value.is_string())
        return is_within(counts, static_cast<std::int64_t>(text::count_characters(value.get_ref<const std::string&>())));
      return !value.is_number() || is_within_bounds(value, json);
    };
    std::set<std::string> texts;
    const auto add = [&](const OrderedJson& value) {
      if (!fits(value)) return;
      budget_.charge(Budget::kAlternative, "given values", here);
      texts.insert(spelled(value, here));
    };
    if (list == nullptr)
      add(*only);
    else
      std::ranges::for_each(*list, add);
    if (texts.empty()) fail(here, "no value agrees with the keywords beside it");
    return {{}, {add_texts(std::move(texts))}};
  }

  static bool is_within(const StringNode& lengths, std::int64_t characters) {
    return characters >= lengths.fewest && characters <= lengths.most;
  }

  static bool is_within_bounds(const OrderedJson& number, const OrderedJson& json) {
    const auto holds = [&](const char* keyword, const auto& compare) {
      const OrderedJson* bound = find(json, keyword);
      return bound == nullptr || compare(number, *bound);
    };
    return holds("minimum", std::greater_equal<OrderedJson>()) && holds("maximum", std::less_equal<OrderedJson>()) &&
           holds("exclusiveMinimum", std::greater<OrderedJson>()) && holds("exclusiveMaximum", std::less<OrderedJson>());
  }

  static std::string spelled(const OrderedJson& value, const std::string& place) {
    require_exact(value, place);
    return value.dump();
  }

  static void require_exact(const OrderedJson& value, const std::string& place) {
    constexpr double kFirstInexact = 18446744073709551616.0;  // integers from here on are read as doubles
    if (value.is_structured())
      for (const OrderedJson& one : value) require_exact(one, place);
    if (value.is_number_float() && std::abs(value.get<double>()) >= kFirstInexact)
      fail(place, fmt::format("{} is too large to be told from its neighbours", value.dump()));
  }

  const OrderedJson& json_;
  References references_;
  Budget budget_;
  Schema schema_;
  std::vector<Pending> pending_;
  std::unordered_map<const OrderedJson*, ValueId> values_;  // by what they are written as
  std::unordered_map<const OrderedJson*, Alternatives> alternatives_;
  std::unordered_map<const OrderedJson*, NodeId> objects_;
  std::vector<std::set<std::string>> texts_;
  std::map<std::vector<TextsId>, NodeId> given_nodes_;
  std::map<std::tuple<std::vector<std::string>, std::int64_t, std::int64_t>, NodeId> pattern_nodes_;
  std::vector<std::pair<const OrderedJson*, std::string>> one_ofs_;
  std::vector<const OrderedJson*> open_;  // that lead to the one that is read
  std::optional<ValueId> any_value_;
  Alternatives any_alternatives_;
};

}  // namespace

Schema read_schema(const OrderedJson& json) {
  return SchemaReader(json).read();
}

Schema object_schema() {
  static const OrderedJson kAnyObject = {{"type", "object"}};
  return read_schema(kAnyObject);
}

}  // namespace midillama::grammar
