#include "grammar/costs.h"

#include "grammar/numbers.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <variant>

namespace midillama::grammar {
namespace {

// By bytes that are written: the fewest tokens that spell the rest of a text.
std::vector<Cost> spelling_costs(std::string_view text, const ByteTrie& tokens) {
  std::vector<Cost> costs(text.size() + 1, kImpossible);
  costs.back() = 0;
  for (std::size_t start = text.size(); start-- > 0;) {
    tokens.for_each_beginning(text.substr(start), [&](std::span<const text::TokenId>, std::size_t size) {
      costs[start] = std::min(costs[start], plus(costs[start + size], 1));
    });
  }
  return costs;
}

// Of a machine of texts: from every state to an end.
class TextCosts {
 public:
  explicit TextCosts(const ByteTrie& tokens) : tokens_(tokens) {
    for (int byte = 0; byte < 256; ++byte) {
      const char text = static_cast<char>(byte);
      bytes_before_[byte + 1] = bytes_before_[byte] + (tokens.ids_of({&text, 1}).empty() ? 0 : 1);
    }
  }

  void fill(TextNode& text) const {
    count_bytes(text);
    if (text.are_strings) return;  // what is cheaper might have more characters
    for (std::size_t state = text.states.size(); state-- > 0;) use_longer_tokens(text, static_cast<std::uint32_t>(state));
  }

 private:
  // Where every token is one byte.
  void count_bytes(TextNode& text) const {
    struct Before {
      std::uint32_t state;
      bool begins_character;
    };
    std::vector<std::vector<Before>> before(text.states.size());
    std::vector<std::uint32_t> reached;
    for (std::uint32_t state = 0; state < text.states.size(); ++state) {
      for (const auto& edge : text.edges_of(state)) {
        if (bytes_before_[edge.low] < bytes_before_[edge.high + 1]) before[edge.to].push_back({state, edge.begins_character});
      }
      if (!text.states[state].is_end) continue;
      text.states[state].cost = text.states[state].characters = 0;
      reached.push_back(state);
    }
    for (std::size_t i = 0; i < reached.size(); ++i) {
      const TextNode::State& after = text.states[reached[i]];
      for (const auto& [name, begins_character] : before[reached[i]]) {
        TextNode::State& state = text.states[name];
        if (state.cost < kImpossible) continue;
        state.cost = after.cost + 1;
        state.characters = after.characters + (begins_character ? 1 : 0);
        reached.push_back(name);
      }
    }
  }

  // From a state whose followers are known. Not every token is tried where very many can come: any that is found lessens the cost.
  void use_longer_tokens(TextNode& text, std::uint32_t from) const {
    constexpr int kMostSteps = 2000;
    struct Siblings {
      std::uint32_t state;
      std::size_t first, end;  // nodes of the tokens' tree
    };
    const auto nodes = tokens_.nodes();
    Cost& cost = text.states[from].cost;
    std::vector<Siblings> open = {{from, 0, nodes.size()}};
    int steps = 0;
    while (!open.empty()) {
      const Siblings at = open.back();
      open.pop_back();
      for (const auto& edge : text.edges_of(at.state)) {
        std::size_t node = at.end == nodes.size() && at.first == 0 ? tokens_.root(edge.low) : at.first;
        for (; node < at.end && nodes[node].byte <= edge.high; node = nodes[node].end) {
          if (++steps > kMostSteps) return;
          if (nodes[node].byte < edge.low) continue;
          if (nodes[node].first_id < nodes[node].last_id) cost = std::min(cost, plus(text.states[edge.to].cost, 1));
          if (node + 1 < nodes[node].end) open.push_back({edge.to, node + 1, nodes[node].end});
        }
      }
    }
  }

  const ByteTrie& tokens_;
  std::array<int, 257> bytes_before_{};  // that are tokens
};

class CostFiller {
 public:
  CostFiller(Schema& schema, const ByteTrie& tokens) : schema_(schema), tokens_(tokens), texts_(tokens) {}

  void fill() {
    for (Node& node : schema_.nodes) prepare(node);
    schema_.node_costs.assign(schema_.nodes.size(), {});
    for (int levels = 0; levels <= kMostLevels; ++levels) fill_level(levels);
  }

 private:
  void prepare(Node& node) {
    if (auto* text = std::get_if<TextNode>(&node)) texts_.fill(*text);
    if (auto* array = std::get_if<ArrayNode>(&node)) array->tails.assign(array->prefix.size(), {});
    if (auto* object = std::get_if<ObjectNode>(&node)) prepare(*object);
  }

  void prepare(ObjectNode& object) {
    for (Spelling& key : object.keys) {
      key.costs = spelling_costs(key.text, tokens_);
      object.properties[key.property].key = key.costs.front();
      object.longest_name = std::max(object.longest_name, static_cast<std::uint32_t>(key.text.size() - 3));  // without quotes and colon
    }
    object.tails.assign(object.properties.size() + 1, {});
    object.key_tails = object.tails;
    object.required.assign(object.properties.size() + 1, object.properties.size());
    for (std::size_t i = object.properties.size(); i-- > 0;)
      object.required[i] = object.properties[i].is_required ? i : object.required[i + 1];
  }

  // Values of lists and objects have one level less, which is known already.
  void fill_level(int levels) {
    for (std::size_t i = 0; i < schema_.nodes.size(); ++i) {
      schema_.node_costs[i][levels] = std::visit([&](auto& node) { return cost(node, levels); }, schema_.nodes[i]);
    }
    for (Value& value : schema_.values) {
      value.costs[levels] = kImpossible;
      for (const NodeId node : value.alternatives) value.costs[levels] = std::min(value.costs[levels], schema_.node_costs[node][levels]);
    }
  }

  static Cost cost(const TextNode& text, int) {
    const TextNode::State& start = text.states.front();
    return start.characters <= text.most ? start.cost : kImpossible;
  }
  static Cost cost(const StringNode& string, int) { return string_cost(string); }
  static Cost cost(const BoundedNumberNode& number, int) { return shortest(number); }
  static Cost cost(const NumberNode&, int) { return 1; }

  Cost cost(ArrayNode& array, int levels) const {
    if (levels == 0) return kImpossible;
    for (std::size_t i = array.prefix.size(); i-- > 0;) {
      const auto after = static_cast<std::int64_t>(i) + 1;
      const Cost item = plus(1, schema_.values[array.prefix[i]].costs[levels - 1]);
      array.tails[i][levels - 1] = after > array.fewest ? 1 : plus(item, array_tail(schema_, array, after, levels - 1));
    }
    const Cost tail = array_tail(schema_, array, 0, levels - 1);
    return array.fewest > 0 ? tail : plus(1, tail);  // the bracket is there in place of the first comma
  }

  Cost cost(ObjectNode& object, int levels) const {
    if (levels == 0) return kImpossible;
    const int inner = levels - 1;
    object.tails.back()[inner] = 1;
    object.key_tails.back()[inner] = kImpossible;
    for (std::size_t i = object.properties.size(); i-- > 0;) {
      const Property& property = object.properties[i];
      const Cost rest = object.tails[i + 1][inner];
      const Cost whole = plus(plus(property.key, schema_.values[property.value].costs[inner]), rest);
      object.tails[i][inner] = property.is_required ? plus(1, whole) : rest;
      object.key_tails[i][inner] = property.is_required ? whole : std::min(whole, object.key_tails[i + 1][inner]);
    }
    const bool has_required = object.required.front() < object.properties.size();
    return has_required ? object.tails.front()[inner] : plus(1, object.tails.front()[inner]);
  }

  Schema& schema_;
  const ByteTrie& tokens_;
  TextCosts texts_;
};

}  // namespace

Cost string_cost(const StringNode& string) {
  return plus(to_cost(string.fewest), 2);
}

Cost array_tail(const Schema& schema, const ArrayNode& array, std::int64_t count, int levels) {
  if (count < static_cast<std::int64_t>(array.prefix.size())) return array.tails[static_cast<std::size_t>(count)][levels];
  if (count >= array.fewest) return 1;
  const std::int64_t missing = array.fewest - count;
  const std::int64_t each = 1 + schema.values[*array.items].costs[levels];
  return each >= kImpossible || missing > kImpossible ? kImpossible : plus(1, to_cost(each * missing));
}

void fill_costs(Schema& schema, const ByteTrie& tokens) {
  CostFiller(schema, tokens).fill();
}

}  // namespace midillama::grammar
