// JSON schemas, compiled for the tokens of a vocabulary.
//
// What is supported, in JSON Schema's terms (2020-12): type (also a list), enum, const, properties, required, additionalProperties, items,
// prefixItems, minItems, maxItems, minLength, maxLength, pattern, format, minimum, maximum, exclusiveMinimum, exclusiveMaximum, anyOf,
// oneOf, allOf, $ref to a part of the same schema ("#", "#/$defs/tree": schemas may contain themselves), true. Every other keyword is an
// error, apart from annotations: title, description, default, examples, deprecated, readOnly, writeOnly, contentMediaType, contentSchema,
// discriminator, $comment, $schema, $id (of the whole schema), $defs, definitions, and what begins with x-.
//   anyOf, oneOf, allOf, $ref     stand alone, apart from annotations
//   allOf                         has one schema
//   oneOf                         has alternatives that exclude each other: by their types, by given values, or by given values of a
//                                 property, which is always written then
//   enum, const                   stand beside type and the limits of strings and numbers
//   pattern                       is a regular expression of ECMA-262 without references, \b, \p{…} and most assertions: pattern.h
//                                 (of src/grammar) says which
//   format                        is date, time, date-time, duration, email, hostname, ipv4, ipv6, uri (http, https) or uuid; password,
//                                 binary, path, file-path and directory-path say nothing of the text
//   without type                  the types that the keywords speak of; any where there are none
//   additionalProperties, items   are false where they are missing beside properties or prefixItems, else true
// A schema may have about 9,000 properties, 200,000 bytes of given texts, or patterns of some 100,000 states; all of it is charged to one
// budget (budget.h of src/grammar). Where many patterns are read side by side, tokens of several bytes are left out in the last of them.
//
// Every text is JSON and satisfies the schema, but not every such text can be written:
//   properties come in the schema's order (those that only `required` names after them), then others; no key comes twice
//   white space is at most one space after a comma and a colon, and before a text where the tokenizer drops the first one
//   at most 64 arrays and objects are in each other, those in given values not counted
//   keys that the schema does not name have no escapes, and so neither quotes, backslashes nor control characters
//   given values, keys included, and texts with a pattern or format are spelled in one way: UTF-8, with escapes only where they must be;
//   the latter have no control characters but \b, \f, \n, \r and \t
//   of a format the usual texts: years from 0001 on, no leap seconds, fractions of at most 6 digits, no quoted local parts
//   integers have at most 18 digits and neither point nor exponent
//   numbers with bounds have no exponent and at most 15 digits, so that comparing them as doubles gives what comparing them as decimals
//   does; others at most 20 before the point, 20 after it, and 2 of the exponent
//   surrogates (\uD83D\uDE00) come in pairs
//   a value has at most 64 alternatives (all given values are one); of those that begin with the same byte only as many are kept, the
//   shortest, counted together with those around them
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
