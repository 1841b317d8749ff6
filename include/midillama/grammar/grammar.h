// JSON schemas, compiled for the tokens of a vocabulary.
//
// What is supported, in JSON Schema's terms (2020-12): type (also a list), enum, const, properties, required, additionalProperties, items,
// prefixItems, minItems, maxItems, minLength, maxLength, minimum, maximum, exclusiveMinimum, exclusiveMaximum, anyOf, $ref to a part of the
// same schema ("#", "#/$defs/tree": schemas may contain themselves), true. Every other keyword is an error, apart from annotations: title,
// description, default, examples, deprecated, readOnly, writeOnly, $comment, $schema, $id (of the whole schema), $defs, definitions.
//   anyOf, $ref                   stand alone, apart from annotations
//   enum, const                   stand beside type and the limits of strings and numbers
//   without type                  the types that the keywords speak of; any where there are none
//   additionalProperties, items   are false where they are missing beside properties or prefixItems, else true
//
// Every text is JSON and satisfies the schema, but not every such text can be written:
//   properties come in the schema's order (those that only `required` names after them), then others; no key comes twice
//   white space is at most one space after a comma and a colon, and before a text where the tokenizer drops the first one
//   at most 64 arrays and objects are in each other
//   keys that the schema does not name have no escapes, and so neither quotes, backslashes nor control characters
//   given values, keys included, are spelled in one way: UTF-8, with escapes only where they must be
//   integers have at most 18 digits and neither point nor exponent
//   numbers with bounds have no exponent and at most 15 digits, so that comparing them as doubles gives what comparing them as decimals
//   does; others at most 20 before the point, 20 after it, and 2 of the exponent
//   surrogates (\uD83D\uDE00) come in pairs
//   of alternatives that begin with the same byte only the 64 shortest are kept, counted together with those around them
// A string's length is counted in Unicode code points; an escape is one, and so is a pair of surrogates.
#pragma once

#include "midillama/core/file.h"
#include "midillama/grammar/vocabulary.h"

#include <cstdint>
#include <memory>

namespace midillama::grammar {

struct Schema;

// Any number of threads may use one.
class Grammar {
 public:
  // As json_schema() and json_object() make it: with costs.
  Grammar(std::unique_ptr<const Schema> schema, std::shared_ptr<const Vocabulary> vocabulary);
  ~Grammar();

  // Tokens that a text needs at most, if it is one of the shortest: an answer has room where as many may be written.
  std::int64_t shortest() const;

  const Vocabulary& vocabulary() const { return *vocabulary_; }
  const Schema& schema() const { return *schema_; }

 private:
  std::shared_ptr<const Vocabulary> vocabulary_;
  std::unique_ptr<const Schema> schema_;
};

// The texts that satisfy a schema. InputError naming the place in it (a JSON pointer after #) where it asks for what is not supported, is
// wrong or too large, or where no finite text satisfies it.
std::shared_ptr<const Grammar> json_schema(const OrderedJson& schema, std::shared_ptr<const Vocabulary> vocabulary);

// JSON objects, whatever is in them.
std::shared_ptr<const Grammar> json_object(std::shared_ptr<const Vocabulary> vocabulary);

}  // namespace midillama::grammar
