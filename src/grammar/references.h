// Where the references of a schema lead.
#pragma once

#include "midillama/core/file.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace midillama::grammar {

class References {
 public:
  // The schema must outlive it.
  explicit References(const OrderedJson& schema) : schema_(schema) {}

  // Of a schema with $ref. InputError where it leads nowhere.
  const OrderedJson& target(const OrderedJson& referring, const std::string& place);

 private:
  using Members = std::unordered_map<std::string_view, const OrderedJson*>;

  const OrderedJson* member(const OrderedJson& parent, const std::string& name);

  const OrderedJson& schema_;
  std::unordered_map<const OrderedJson*, Members> members_;  // of objects that were searched: their own search goes through them one by one
};

}  // namespace midillama::grammar
