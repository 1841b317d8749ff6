// A JSON schema as the automaton reads it, with what completing each part costs.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace midillama::grammar {

// Tokens that a text needs at least: the fewest that spell what is given, one for every other byte.
using Cost = std::int32_t;
inline constexpr Cost kImpossible = 1'000'000'000;

constexpr Cost plus(Cost a, Cost b) {
  return std::min(a + b, kImpossible);
}
constexpr Cost to_cost(std::int64_t tokens) {
  return static_cast<Cost>(std::min<std::int64_t>(tokens, kImpossible));
}

inline constexpr int kMostLevels = 64;            // arrays and objects in each other
using Costs = std::array<Cost, kMostLevels + 1>;  // by the levels that may still be opened

using NodeId = std::uint32_t;
using ValueId = std::uint32_t;

// A text that is given byte for byte.
struct Spelling {
  std::string text;
  std::uint32_t property = 0;    // of an object, whose key it is
  std::vector<Cost> costs = {};  // by bytes that are written: of the rest
};

// One of some texts, none of them twice: false, null, values of an enum.
struct LiteralNode {
  std::vector<Spelling> spellings;  // in the order of their bytes
};

struct StringNode {
  std::int64_t fewest = 0;  // characters
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

// A decimal from `low` to `high`, both multiplied by 10^places, without exponent and with at most as many places; no places: an integer.
struct BoundedNumberNode {
  int places = 0;
  std::int64_t low = 0, high = 0;
};

// Any number of JSON with limits on its digits.
struct NumberNode {};

struct ArrayNode {
  std::vector<ValueId> prefix = {};
  std::optional<ValueId> items = {};  // after the prefix
  std::int64_t fewest = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();

  std::optional<ValueId> item(std::int64_t index) const {
    if (index < static_cast<std::int64_t>(prefix.size())) return prefix[static_cast<std::size_t>(index)];
    return items;
  }
};

struct Property {
  ValueId value = 0;
  bool is_required = false;
  Cost key = 0;  // with its colon
};

// Properties in their order, then others.
struct ObjectNode {
  std::vector<Property> properties = {};
  std::vector<Spelling> keys = {};         // `"name":`, in the order of their bytes
  std::optional<ValueId> additional = {};  // the value of keys beyond the properties
  std::vector<std::size_t> required = {};  // by property: the first from there on that must come, else their number
  std::uint32_t longest_name = 0;          // bytes
  // By property and the levels of values: from after a value to the object's end, where the properties from this one on may come.
  std::vector<Costs> tails = {};
};

using Node = std::variant<LiteralNode, StringNode, BoundedNumberNode, NumberNode, ArrayNode, ObjectNode>;

struct Value {
  std::string place;  // where it is written: "#/properties/name"
  std::vector<NodeId> alternatives = {};
  Costs costs{};
};

struct Schema {
  std::vector<Node> nodes;
  std::vector<Costs> node_costs;
  std::vector<Value> values;
  ValueId root = 0;
};

}  // namespace midillama::grammar
