// What is refused, and where.
#include "grammar/byte_tokenizer.h"
#include "midillama/core/json_reader.h"
#include "midillama/grammar/grammar.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::grammar {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

std::string error_of_schema(const OrderedJson& schema) {
  static const auto vocabulary = std::make_shared<const Vocabulary>(ByteTokenizer());
  return error_of([&] { json_schema(schema, vocabulary); });
}

std::string error_of_schema(const char* schema) {
  return error_of_schema(OrderedJson::parse(schema));
}

TEST(JsonSchema, EveryKeywordThatIsNotSupportedIsRefusedByPlaceAndName) {
  for (const char* keyword : {"pattern",
                              "format",
                              "multipleOf",
                              "oneOf",
                              "allOf",
                              "not",
                              "if",
                              "then",
                              "else",
                              "uniqueItems",
                              "contains",
                              "minContains",
                              "maxContains",
                              "unevaluatedItems",
                              "additionalItems",
                              "patternProperties",
                              "propertyNames",
                              "minProperties",
                              "maxProperties",
                              "dependentRequired",
                              "dependentSchemas",
                              "unevaluatedProperties",
                              "dependencies",
                              "$anchor",
                              "$dynamicRef",
                              "$dynamicAnchor",
                              "$recursiveRef",
                              "id",
                              "contentEncoding",
                              "contentMediaType",
                              "nullable",
                              "discriminator",
                              "x-order",
                              "requierd"}) {
    const OrderedJson schema = {{"type", "object"}, {"properties", {{"a/b", {{keyword, 1}}}}}};
    EXPECT_EQ(error_of_schema(schema), fmt::format("the schema: #/properties/a~1b/{}: is not supported", keyword));
  }
}

TEST(JsonSchema, AnnotationsChangeNothing) {
  EXPECT_EQ(
      error_of_schema(
          R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "title": "t", "description": "d", "default": 1, "examples": [],
      "deprecated": true, "readOnly": true, "writeOnly": true, "$comment": "c", "$defs": {"unused": {"pattern": "a"}}, "definitions": {}})"),
      "no error");
}

TEST(JsonSchema, WhatContradictsItselfIsRefused) {
  const auto expect = [](const char* schema, const char* place, const char* what) {
    EXPECT_THAT(error_of_schema(schema), AllOf(HasSubstr(fmt::format("the schema: {}: ", place)), HasSubstr(what))) << schema;
  };
  expect(R"({"type": "string", "minLength": 3, "maxLength": 2})", "#/minLength", "above maxLength");
  expect(R"({"type": "array", "minItems": 3, "maxItems": 2})", "#/minItems", "above maxItems");
  expect(R"({"type": "array", "prefixItems": [true], "minItems": 2})", "#/minItems", "more items than have a schema");
  expect(R"({"type": "array", "items": false, "minItems": 1})", "#/minItems", "more items than have a schema");
  expect(R"({"items": {"type": "integer", "minimum": 5, "maximum": 4}})", "#/items", "no integer");
  expect(R"({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 5})", "#", "no integer");
  expect(R"({"type": "integer", "minimum": 1e18})", "#", "18 digits");
  expect(R"({"type": "integer", "maximum": -1e300})", "#", "18 digits");
  expect(R"({"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.1})", "#", "no number");
  expect(R"({"enum": []})", "#/enum", "no values");
  expect(R"({"enum": [1, "a"], "type": "boolean"})", "#/enum", "agrees");
  expect(R"({"enum": [1, 2], "minimum": 3})", "#/enum", "agrees");
  expect(R"({"enum": [1, 2], "const": 3})", "#/enum", "agrees");
  expect(R"({"const": "abc", "maxLength": 2})", "#/const", "agrees");
  expect(R"({"anyOf": []})", "#/anyOf", "no alternatives");
  expect(R"({"type": []})", "#/type", "no types");
  expect(R"({"type": "object", "properties": {"a": true}, "required": ["a", "b"], "additionalProperties": false})", "#/required/1",
         "\"b\" is not among");
  expect(R"({"properties": {"a": false}})", "#/properties/a", "allows no value");
  expect("false", "#", "allows no value");
}

TEST(JsonSchema, SchemasWithoutAFiniteTextAreRefused) {
  EXPECT_THAT(error_of_schema(R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})"), HasSubstr("no text"));
  EXPECT_THAT(error_of_schema(R"({"items": {"$ref": "#"}, "type": "array", "minItems": 1})"), HasSubstr("no text"));
  EXPECT_THAT(error_of_schema(R"({"type": "array", "items": {"type": "null"}, "minItems": 2000000000})"), HasSubstr("no text"));
  EXPECT_THAT(error_of_schema(R"({"type": "string", "minLength": 1e300})"), HasSubstr("no text"));
  EXPECT_THAT(error_of_schema(R"({"$ref": "#"})"), AllOf(HasSubstr("#: "), HasSubstr("refers to itself")));
  EXPECT_THAT(error_of_schema(R"({"anyOf": [{"type": "null"}, {"$ref": "#/anyOf/1"}]})"), HasSubstr("refers to itself"));
  EXPECT_THAT(
      error_of_schema(R"({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [{"$ref": "#/$defs/a"}, true]}}, "$ref": "#/$defs/a"})"),
      HasSubstr("refers to itself"));
}

TEST(JsonSchema, ReferencesMustLeadSomewhere) {
  EXPECT_THAT(error_of_schema(R"({"$ref": "#/$defs/a"})"), AllOf(HasSubstr("#/$ref: "), HasSubstr("nothing at")));
  EXPECT_THAT(error_of_schema(R"({"$ref": "#a"})"), HasSubstr("nothing at"));
  EXPECT_THAT(error_of_schema(R"({"$ref": "#/type/x", "$defs": {}})"), HasSubstr("nothing at"));
  EXPECT_THAT(error_of_schema(R"({"$ref": "other.json"})"), HasSubstr("only parts of the same schema"));
  EXPECT_THAT(error_of_schema(R"({"$ref": 1})"), HasSubstr("a text was expected"));
  EXPECT_THAT(error_of_schema(R"({"$defs": {"a": 3}, "$ref": "#/$defs/a"})"), HasSubstr("a schema was expected"));
}

TEST(JsonSchema, WhatCannotStandTogetherIsRefused) {
  EXPECT_THAT(error_of_schema(R"({"anyOf": [true], "properties": {}})"), HasSubstr("#/properties: is not supported beside anyOf"));
  EXPECT_THAT(error_of_schema(R"({"type": "object", "$ref": "#/$defs/a", "$defs": {"a": true}})"),
              HasSubstr("#/type: is not supported beside $ref"));
  EXPECT_THAT(error_of_schema(R"({"$ref": "#/$defs/a", "anyOf": [], "$defs": {"a": true}})"), HasSubstr("is not supported beside"));
  EXPECT_THAT(error_of_schema(R"({"enum": [{}], "properties": {}})"), HasSubstr("#/properties: is not supported beside enum"));
  EXPECT_THAT(error_of_schema(R"({"const": [], "minItems": 0})"), HasSubstr("#/minItems: is not supported beside const"));
  EXPECT_THAT(error_of_schema(R"({"items": {"$id": "x"}})"), HasSubstr("#/items/$id: is supported in the whole schema only"));
}

TEST(JsonSchema, WrongTypesOfKeywordsAreRefused) {
  const auto expect = [](const char* schema, const char* place, const char* what) {
    EXPECT_THAT(error_of_schema(schema), AllOf(HasSubstr(fmt::format("the schema: {}: ", place)), HasSubstr(what))) << schema;
  };
  expect("3", "#", "a schema was expected");
  expect("[]", "#", "a schema was expected");
  expect("null", "#", "a schema was expected");
  expect(R"({"type": "text"})", "#/type", "one of object, array");
  expect(R"({"type": [["string"]]})", "#/type", "one of object, array");
  expect(R"({"type": 1})", "#/type", "one of object, array");
  expect(R"({"maxLength": "3"})", "#/maxLength", "a whole number");
  expect(R"({"maxLength": -1})", "#/maxLength", "a whole number");
  expect(R"({"minItems": 1.5})", "#/minItems", "a whole number");
  expect(R"({"exclusiveMinimum": true, "minimum": 1})", "#/exclusiveMinimum", "a number was expected");
  expect(R"({"enum": {}})", "#/enum", "a list was expected");
  expect(R"({"anyOf": {}})", "#/anyOf", "a list was expected");
  expect(R"({"prefixItems": {}})", "#/prefixItems", "a list was expected");
  expect(R"({"items": [true]})", "#/items", "prefixItems is");
  expect(R"({"properties": []})", "#/properties", "an object was expected");
  expect(R"({"properties": {"a": 1}})", "#/properties/a", "a schema was expected");
  expect(R"({"required": "a"})", "#/required", "a list was expected");
  expect(R"({"required": [1]})", "#/required/0", "a name was expected");
  expect(R"({"additionalProperties": "no"})", "#/additionalProperties", "a schema was expected");
  expect(R"({"enum": [1e20]})", "#/enum", "too large");
}

TEST(JsonSchema, LargeSchemasAreTakenAndEndlessOnesRefused) {
  OrderedJson properties = OrderedJson::object();
  for (int i = 0; i < 2000; ++i) properties.emplace(fmt::format("name{}", i), OrderedJson{{"type", "string"}, {"maxLength", 100'000}});
  EXPECT_EQ(error_of_schema({{"type", "object"}, {"properties", properties}}), "no error");
  OrderedJson chain = {{"$ref", "#/$defs/0"}};
  OrderedJson doubling = chain;
  for (int i = 0; i < 300; ++i) {
    const OrderedJson next = {{"$ref", fmt::format("#/$defs/{}", i + 1)}};
    chain["$defs"][std::to_string(i)] = next;
    doubling["$defs"][std::to_string(i)] = {{"anyOf", {next, next}}};
  }
  chain["$defs"]["300"] = doubling["$defs"]["300"] = true;
  EXPECT_THAT(error_of_schema(chain), HasSubstr("too many references"));
  EXPECT_THAT(error_of_schema(doubling), HasSubstr("too many"));
  OrderedJson few = doubling;
  few["$ref"] = "#/$defs/250";
  EXPECT_THAT(error_of_schema(few), HasSubstr("too many alternatives"));
  OrderedJson deep = true;
  for (int i = 0; i < 70; ++i) deep = {{"type", "array"}, {"items", deep}, {"minItems", 1}};
  EXPECT_THAT(error_of_schema(deep), HasSubstr("64 levels"));
  OrderedJson values = OrderedJson::array();
  for (int i = 0; i < 20'000; ++i) values.push_back(OrderedJson::array({i}));
  EXPECT_THAT(error_of_schema({{"enum", values}}), HasSubstr("too large"));
}

}  // namespace
}  // namespace midillama::grammar
