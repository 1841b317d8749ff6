#include "grammar/one_of.h"

#include "grammar/decimal.h"
#include "grammar/keywords.h"
#include "grammar/place.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace midillama::grammar {
namespace {

using Values = std::set<std::string>;

// Alike for equal numbers, strings, and so on.
std::string identity(const OrderedJson& scalar) {
  if (!scalar.is_number()) return scalar.dump();
  const Decimal decimal = to_decimal(scalar);
  return fmt::format("{}{}e{}", decimal.is_negative ? "-" : "", decimal.digits, decimal.exponent);
}

// A part of an alternative that is no reference and has no alternatives itself.
struct Case {
  const OrderedJson* json;
  std::size_t alternative;
  Types written, valid;                // that its texts have, and that the schema allows
  std::optional<Values> values;        // where they are given
  std::map<std::string, Values> tags;  // the given values of properties
  std::set<std::string> required;
};

class CaseFinder {
 public:
  CaseFinder(References& references, Budget& budget, std::string place)
      : references_(references), budget_(budget), place_(std::move(place)) {}

  // Visits the schemas that a schema refers to or chooses from.
  template <typename Visit>
  void for_each(const OrderedJson& json, const Visit& visit) {
    budget_.charge(Budget::kAlternative, "alternatives of oneOf", place_);
    if (!json.is_object()) return visit(json);
    if (json.contains("$ref")) return for_each(references_.target(json, place_), visit);
    for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
      if (const OrderedJson* list = find(json, keyword); list != nullptr) {
        for (const OrderedJson& one : *list) for_each(one, visit);
        return;
      }
    }
    visit(json);
  }

  Case case_of(const OrderedJson& json, std::size_t alternative) {
    Case found{&json, alternative, ~Types(), ~Types(), std::nullopt, {}, {}};
    if (!json.is_object()) return found;
    const auto named = named_types(json, place_);
    if (json.contains("enum") || json.contains("const")) {
      Types types;
      found.values = values_of(json, &types);
      found.written = found.valid = named ? types & with_integers(*named) : types;
      return found;
    }
    found.written = with_integers(named.value_or(types_of_keywords(json)));
    found.valid = named ? found.written : ~Types();
    if (const OrderedJson* required = find(json, "required"); required != nullptr) {
      for (const OrderedJson& name : *required) found.required.insert(name.get<std::string>());
    }
    if (json.contains("properties")) found.tags = tags_of(json);
    return found;
  }

 private:
  static Types with_integers(Types types) {
    if (types.test(number_type)) types.set(integer_type);
    return types;
  }

  // Nothing where some are lists or objects.
  std::optional<Values> values_of(const OrderedJson& json, Types* types = nullptr) {
    const OrderedJson* list = find(json, "enum");
    const OrderedJson* one = find(json, "const");
    Values values;
    bool are_scalars = true;
    const auto add = [&](const OrderedJson& value) {
      budget_.charge(Budget::kAlternative, "given values", place_);
      if (types != nullptr) *types |= types_of_value(value);
      are_scalars = are_scalars && !value.is_structured();
      if (are_scalars) values.insert(identity(value));
    };
    if (one != nullptr) {
      add(*one);
    } else {
      std::ranges::for_each(*list, add);
    }
    return are_scalars ? std::optional(std::move(values)) : std::nullopt;
  }

  std::map<std::string, Values> tags_of(const OrderedJson& json) {
    std::map<std::string, Values> tags;
    for (const auto& [name, property] : json.at("properties").items()) {
      Values values;
      bool are_given = true;
      for_each(property, [&](const OrderedJson& one) {
        if (!are_given) return;
        const bool is_given = one.is_object() && (one.contains("enum") || one.contains("const"));
        const auto own = is_given ? values_of(one) : std::nullopt;
        are_given = own.has_value();
        if (own) values.insert(own->begin(), own->end());
      });
      if (are_given) tags.emplace(name, std::move(values));
    }
    return tags;
  }

  References& references_;
  Budget& budget_;
  std::string place_;
};

class Comparison {
 public:
  Comparison(const std::vector<Case>& cases, Budget& budget, const std::string& place) : cases_(cases), budget_(budget), place_(place) {}

  std::vector<Tag> run() {
    std::unordered_map<std::string, std::size_t> owners;  // of given values
    std::vector<const Case*> free;
    for (const Case& one : cases_) {
      if (!one.values) free.push_back(&one);
      for (const std::string& value : one.values.value_or(Values())) {
        const auto [owner, is_new] = owners.emplace(value, one.alternative);
        if (!is_new && owner->second != one.alternative) refuse(owner->second, one.alternative);
      }
    }
    for (const Case* one : free) {
      for (const Case& other : cases_) {
        if (one->alternative != other.alternative && !are_apart(*one, other))
          refuse(std::min(one->alternative, other.alternative), std::max(one->alternative, other.alternative));
      }
    }
    return std::move(needed_);
  }

 private:
  bool are_apart(const Case& a, const Case& b) {
    budget_.charge(1 + static_cast<std::int64_t>(a.tags.size()), "alternatives of oneOf", place_);
    const Types shared = (a.written & b.valid) | (b.written & a.valid);
    if (shared.none()) return true;
    if (shared != Types(1U << object_type)) return false;
    const std::string* tag = nullptr;  // one that both require, where there is one
    for (const auto& [name, values] : a.tags) {
      const auto other = b.tags.find(name);
      if (other == b.tags.end() || !differ(values, other->second)) continue;
      const bool is_required = a.required.contains(name) && b.required.contains(name);
      if (tag == nullptr || is_required) tag = &name;
      if (is_required) break;
    }
    if (tag == nullptr) return false;
    for (const Case* one : {&a, &b}) {
      if (!one->required.contains(*tag)) needed_.push_back({one->json, *tag});
    }
    return true;
  }

  bool differ(const Values& some, const Values& others) {
    const Values& fewer = some.size() < others.size() ? some : others;
    const Values& more = some.size() < others.size() ? others : some;
    budget_.charge(static_cast<std::int64_t>(fewer.size()), "given values", place_);
    return std::ranges::none_of(fewer, [&](const std::string& value) { return more.contains(value); });
  }

  [[noreturn]] void refuse(std::size_t first, std::size_t second) const {
    fail(place_,
         fmt::format("alternatives {} and {} may both hold, as far as is known: they need different types, or different values (enum, "
                     "const) of a property; anyOf takes them as they are",
                     first, second));
  }

  const std::vector<Case>& cases_;
  Budget& budget_;
  const std::string& place_;
  std::vector<Tag> needed_;
};

}  // namespace

std::vector<Tag> require_disjoint(const OrderedJson& alternatives, References& references, Budget& budget, const std::string& place) {
  CaseFinder finder(references, budget, place);
  std::vector<Case> cases;
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    finder.for_each(alternatives[i], [&](const OrderedJson& json) { cases.push_back(finder.case_of(json, i)); });
  }
  return Comparison(cases, budget, place).run();
}

}  // namespace midillama::grammar
