#include "midillama/grammar/grammar.h"

#include "grammar/costs.h"
#include "grammar/place.h"
#include "grammar/schema_reader.h"
#include "grammar/token_tables.h"

#include <fmt/format.h>

#include <utility>

namespace midillama::grammar {
namespace {

// The innermost part is named: it was read last.
void require_satisfiable(const Schema& schema) {
  for (std::size_t i = schema.values.size(); i-- > 0;) {
    const Value& value = schema.values[i];
    if (value.costs.back() >= kImpossible)
      fail(value.place,
           fmt::format("no value satisfies it: what it asks for contradicts itself, never ends or is deeper than {} arrays and objects",
                       kMostLevels));
  }
}

std::shared_ptr<const Grammar> compiled(Schema schema, std::shared_ptr<const Vocabulary> vocabulary) {
  fill_costs(schema, vocabulary->tables().all);
  require_satisfiable(schema);
  return std::make_shared<const Grammar>(std::make_unique<const Schema>(std::move(schema)), std::move(vocabulary));
}

}  // namespace

Grammar::Grammar(std::unique_ptr<const Schema> schema, std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)), schema_(std::move(schema)) {}

Grammar::~Grammar() = default;

std::int64_t Grammar::shortest() const {
  return schema_->values[schema_->root].costs.back();
}

std::shared_ptr<const Grammar> json_schema(const OrderedJson& schema, std::shared_ptr<const Vocabulary> vocabulary) {
  return compiled(read_schema(schema), std::move(vocabulary));
}

std::shared_ptr<const Grammar> json_object(std::shared_ptr<const Vocabulary> vocabulary) {
  return compiled(object_schema(), std::move(vocabulary));
}

}  // namespace midillama::grammar
