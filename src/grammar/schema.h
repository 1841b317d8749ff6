// A JSON schema as the automaton reads it, with what completing each part costs.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
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

// Texts that are given, or that a pattern describes, as a machine that reads them byte for byte. State 0 is before the first byte; from
// every state a text's end can be reached.
struct TextNode {
  struct Edge {
    std::uint8_t low, high;         // bytes from one to the other
    bool begins_character = false;  // of a string; an escape is one
    std::uint32_t to = 0;
  };
  struct State {
    std::uint32_t first_edge = 0;           // those before the next state's, in the order of their bytes
    bool is_end = false;                    // a text may end here
    Cost cost = kImpossible;                // of the rest
    std::int32_t characters = kImpossible;  // of a rest that costs so much
  };
  std::vector<State> states;
  std::vector<Edge> edges;
  bool are_strings = false;                                      // that a pattern describes: nothing follows where one ends
  std::int64_t most = std::numeric_limits<std::int64_t>::max();  // characters, where they are strings

  struct Reached {
    std::uint32_t state = 0;
    std::int64_t characters = 0;  // before it
    bool operator==(const Reached&) const = default;
  };
  // Nothing where no text goes on with the byte.
  std::optional<Reached> after(const Reached& before, std::uint8_t byte) const {
    const auto those = edges_of(before.state);
    const auto edge = std::ranges::lower_bound(those, byte, {}, &Edge::high);
    if (edge == those.end() || edge->low > byte) return std::nullopt;
    const Reached reached{edge->to, before.characters + (edge->begins_character ? 1 : 0)};
    return states[edge->to].characters <= most - reached.characters ? std::optional(reached) : std::nullopt;
  }

  std::span<const Edge> edges_of(std::uint32_t state) const {
    const std::size_t first = states[state].first_edge;
    const std::size_t last = state + 1 < states.size() ? states[state + 1].first_edge : edges.size();
    return std::span(edges).subspan(first, last - first);
  }
};

// A key of an object, `"name":`.
struct Spelling {
  std::string text;
  std::uint32_t property = 0;
  std::vector<Cost> costs = {};  // by bytes that are written: of the rest
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
  // By items that are written, as far as the prefix goes, and the levels of values: to the array's end.
  std::vector<Costs> tails = {};

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
  std::vector<Spelling> keys = {};         // in the order of their bytes
  std::optional<ValueId> additional = {};  // the value of keys beyond the properties
  std::vector<std::size_t> required = {};  // by property: the first from there on that must come, else their number
  std::uint32_t longest_name = 0;          // bytes
  // By property and the levels of values: from after a value to the object's end, where the properties from this one on may come.
  std::vector<Costs> tails = {};
  // Likewise from before the key of the cheapest property that may come.
  std::vector<Costs> key_tails = {};
};

using Node = std::variant<TextNode, StringNode, BoundedNumberNode, NumberNode, ArrayNode, ObjectNode>;

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
  std::int64_t size = 0;  // what was charged for it (budget.h)
};

}  // namespace midillama::grammar
