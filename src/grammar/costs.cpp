#include "grammar/costs.h"

#include "grammar/numbers.h"

#include <algorithm>
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

class CostFiller {
 public:
  CostFiller(Schema& schema, const ByteTrie& tokens) : schema_(schema), tokens_(tokens) {}

  void fill() {
    for (Node& node : schema_.nodes) prepare(node);
    schema_.node_costs.assign(schema_.nodes.size(), {});
    for (int levels = 0; levels <= kMostLevels; ++levels) fill_level(levels);
  }

 private:
  void prepare(Node& node) {
    if (auto* literal = std::get_if<LiteralNode>(&node)) {
      for (Spelling& spelling : literal->spellings) spelling.costs = spelling_costs(spelling.text, tokens_);
    }
    if (auto* object = std::get_if<ObjectNode>(&node)) prepare(*object);
  }

  void prepare(ObjectNode& object) {
    for (Spelling& key : object.keys) {
      key.costs = spelling_costs(key.text, tokens_);
      object.properties[key.property].key = key.costs.front();
      object.longest_name = std::max(object.longest_name, static_cast<std::uint32_t>(key.text.size() - 3));  // without quotes and colon
    }
    object.tails.assign(object.properties.size() + 1, {});
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

  static Cost cost(const LiteralNode& literal, int) {
    Cost least = kImpossible;
    for (const Spelling& spelling : literal.spellings) least = std::min(least, spelling.costs.front());
    return least;
  }
  static Cost cost(const StringNode& string, int) { return string_cost(string); }
  static Cost cost(const BoundedNumberNode& number, int) { return shortest(number); }
  static Cost cost(const NumberNode&, int) { return 1; }

  Cost cost(const ArrayNode& array, int levels) const {
    if (levels == 0) return kImpossible;
    const Cost tail = array_tail(schema_, array, 0, levels - 1);
    return array.fewest > 0 ? tail : plus(1, tail);  // the bracket is there in place of the first comma
  }

  Cost cost(ObjectNode& object, int levels) const {
    if (levels == 0) return kImpossible;
    const int inner = levels - 1;
    object.tails.back()[inner] = 1;
    for (std::size_t i = object.properties.size(); i-- > 0;) {
      const Property& property = object.properties[i];
      const Cost needed = property.is_required ? plus(plus(1, property.key), schema_.values[property.value].costs[inner]) : 0;
      object.tails[i][inner] = plus(needed, object.tails[i + 1][inner]);
    }
    const bool has_required = object.required.front() < object.properties.size();
    return has_required ? object.tails.front()[inner] : plus(1, object.tails.front()[inner]);
  }

  Schema& schema_;
  const ByteTrie& tokens_;
};

}  // namespace

Cost string_cost(const StringNode& string) {
  return plus(to_cost(string.fewest), 2);
}

Cost array_tail(const Schema& schema, const ArrayNode& array, std::int64_t count, int levels) {
  const auto prefix = static_cast<std::int64_t>(array.prefix.size());
  Cost tail = 1;
  std::int64_t i = count;
  for (; i < std::min(array.fewest, prefix); ++i)
    tail = plus(tail, plus(1, schema.values[array.prefix[static_cast<std::size_t>(i)]].costs[levels]));
  if (i >= array.fewest) return tail;
  const std::int64_t each = 1 + schema.values[*array.items].costs[levels];
  return plus(tail, each >= kImpossible || array.fewest - i > kImpossible ? kImpossible : to_cost(each * (array.fewest - i)));
}

void fill_costs(Schema& schema, const ByteTrie& tokens) {
  CostFiller(schema, tokens).fill();
}

}  // namespace midillama::grammar
