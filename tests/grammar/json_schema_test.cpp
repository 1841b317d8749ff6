// What is refused, and where.
#include "grammar/byte_tokenizer.h"
#include "grammar/schema_reader.h"
#include "midillama/core/json_reader.h"
#include "midillama/grammar/grammar.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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
  for (const char* keyword : {"multipleOf",
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
                              "nullable",
                              "requierd"}) {
    const OrderedJson schema = {{"type", "object"}, {"properties", {{"a/b", {{keyword, 1}}}}}};
    EXPECT_EQ(error_of_schema(schema), fmt::format("the schema: #/properties/a~1b/{}: is not supported", keyword));
  }
}

TEST(JsonSchema, AnnotationsChangeNothing) {
  EXPECT_EQ(
      error_of_schema(
          R"({"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "title": "t", "description": "d", "default": 1, "examples": [],
      "deprecated": true, "readOnly": true, "writeOnly": true, "$comment": "c", "$defs": {"unused": {"not": {}}}, "definitions": {},
      "contentMediaType": "text/plain", "contentSchema": {}, "discriminator": {"propertyName": "a"}, "x-order": 1})"),
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
  EXPECT_THAT(error_of_schema(R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})"),
              HasSubstr("no value satisfies it"));
  EXPECT_THAT(error_of_schema(R"({"items": {"$ref": "#"}, "type": "array", "minItems": 1})"), HasSubstr("no value satisfies it"));
  EXPECT_THAT(error_of_schema(R"({"type": "array", "items": {"type": "null"}, "minItems": 2000000000})"),
              HasSubstr("no value satisfies it"));
  EXPECT_THAT(error_of_schema(R"({"type": "string", "minLength": 1e300})"), HasSubstr("no value satisfies it"));
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

TEST(JsonSchema, OneOfIsTakenWhereItsAlternativesExcludeEachOther) {
  for (
      const char* schema :
      {R"({"oneOf": [{"type": "string"}, {"type": ["integer", "null"]}, {"type": "array", "items": {"type": "null"}}]})",
       R"({"oneOf": [{"const": 1}, {"enum": [2, "1", null]}, {"type": "object"}]})",
       R"({"oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"]}, {"properties": {"k": {"enum": ["b", "c"]}}, "required": ["k"]}]})",
       R"({"oneOf": [{"properties": {"k": {"const": "a"}}}, {"properties": {"k": {"const": "b"}}}]})",
       R"({"$defs": {"k": {"const": 1}}, "oneOf": [{"type": "object", "properties": {"k": {"$ref": "#/$defs/k"}}, "required": ["k"]},
            {"anyOf": [{"type": "null"}, {"properties": {"k": {"const": 2}}, "required": ["k"]}]}]})",
       R"({"oneOf": [{"type": "number"}]})"})
    EXPECT_EQ(error_of_schema(schema), "no error") << schema;
  for (const char* schema :
       {R"({"oneOf": [{"type": "number"}, {"type": "integer"}]})", R"({"oneOf": [{"const": 1}, {"const": 1.0}]})",
        R"({"oneOf": [{"const": "a"}, {"type": "string"}]})", R"({"oneOf": [{"enum": [[1]]}, {"enum": [[2]]}]})",
        R"({"oneOf": [{"properties": {"k": {"const": "a"}}}, {"properties": {"k": {"enum": ["a", "b"]}}}]})",
        R"({"oneOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]})",
        R"({"oneOf": [{"properties": {"a": {"type": "null"}}}, {"type": "string"}]})", R"({"oneOf": [true, {"type": "null"}]})"}) {
    // A string satisfies a schema that speaks of properties only, too.
    EXPECT_THAT(error_of_schema(schema), AllOf(HasSubstr("#/oneOf: alternatives 0 and 1 may both hold"))) << schema;
  }
}

TEST(JsonSchema, AllOfIsTakenWithOneSchema) {
  EXPECT_EQ(error_of_schema(R"({"allOf": [{"type": "string"}], "default": "a", "description": "d"})"), "no error");
  EXPECT_THAT(error_of_schema(R"({"allOf": [{"type": "string"}, {"minLength": 1}]})"),
              HasSubstr("#/allOf: is supported with one schema only"));
  EXPECT_THAT(error_of_schema(R"({"allOf": [true], "type": "null"})"), HasSubstr("#/type: is not supported beside allOf"));
}

TEST(JsonSchema, FormatsAndPatternsThatAreNotSupportedAreRefusedByName) {
  EXPECT_THAT(error_of_schema(R"({"type": "string", "format": "iri"})"),
              AllOf(HasSubstr("#/format: \"iri\" is not supported"), HasSubstr("date-time")));
  for (const auto& [pattern, what] : {std::pair{R"(a(?=b))", "(?="},
                                      {R"(a(?<!b))", "(?<"},
                                      {R"((a)\1)", "\\1"},
                                      {R"(\bword)", "\\b"},
                                      {R"(\p{L})", "\\p"},
                                      {R"(\Aa\Z)", "\\A"},
                                      {R"((?i)a)", "(?i"},
                                      {R"((?P<n>a))", "(?P"},
                                      {R"([\b])", "\\b in a class"},
                                      {R"(^(?!a)b|c)", "\"|\" beside"},
                                      {R"(a{100001})", "100000"},
                                      {R"(\)", "ends with a"},
                                      {R"(a**)", "repeated again"},
                                      {R"(*a)", "nothing before"},
                                      {R"((a)", "no \")\""},
                                      {R"(a))", "closes nothing"},
                                      {R"([a)", "no \"]\""},
                                      {R"([b-a])", "out of order"},
                                      {R"([\d-z])", "a range"},
                                      {R"(a{2,1})", "out of order"},
                                      {R"(^*)", "cannot be repeated"},
                                      {R"(\x1)", "hexadecimal"},
                                      {R"(\u{110000})", "beyond"},
                                      {R"(a{)", "a number"}}) {
    const OrderedJson schema = {{"type", "string"}, {"pattern", pattern}};
    EXPECT_THAT(error_of_schema(schema), AllOf(HasSubstr("the schema: #/pattern: "), HasSubstr(what))) << pattern;
  }
  for (const char* schema : {R"({"type": "string", "pattern": "a$b"})", R"({"type": "string", "pattern": "^a{3}$", "maxLength": 2})",
                             R"({"type": "string", "pattern": "^a{3}$", "minLength": 4})",
                             R"({"type": "string", "pattern": "^a", "format": "date"})", R"({"type": "string", "pattern": "^\\x01$"})"})
    EXPECT_THAT(error_of_schema(schema), testing::AnyOf(HasSubstr("#: no text agrees with"), HasSubstr("#: no value satisfies it")))
        << schema;
}

// --- What a schema may cost

OrderedJson times(std::size_t count, const std::function<OrderedJson(std::size_t)>& make) {
  OrderedJson list = OrderedJson::array();
  for (std::size_t i = 0; i < count; ++i) list.push_back(make(i));
  return list;
}

OrderedJson members(std::size_t count, const OrderedJson& value) {
  OrderedJson::object_t object;
  for (std::size_t i = 0; i < count; ++i) object.OrderedJson::object_t::Container::emplace_back(fmt::format("n{}", i), value);
  return object;
}

TEST(Sizes, WhatIsTooLargeIsRefusedByPlaceAndKind) {
  const auto expect = [](const OrderedJson& schema, const char* place, const char* what) {
    EXPECT_THAT(error_of_schema(schema),
                AllOf(testing::StartsWith(fmt::format("the schema: {}", place)), HasSubstr(": the schema is too large"), HasSubstr(what)));
  };
  const OrderedJson null = {{"type", "null"}};
  expect({{"enum", times(300'000, [](std::size_t) { return OrderedJson::array(); })}}, "#/enum", "given values");
  expect({{"enum", {std::string(500'000, 'x')}}}, "#", "given texts");
  expect({{"const", std::string(500'000, 'x')}}, "#", "given texts");
  expect({{"anyOf", times(100'000, [](std::size_t i) { return OrderedJson{{"const", i}}; })}}, "#/anyOf", "given values");
  expect({{"properties", members(100'000, null)}}, "#/properties", "");
  expect({{"properties", {{std::string(1'000'000, '\1'), null}}}}, "#/properties", "properties");
  expect({{"required", times(100'000, [](std::size_t i) { return fmt::format("n{}", i); })}, {"additionalProperties", null}}, "#/required",
         "properties");
  expect({{"type", "array"}, {"prefixItems", times(100'000, [&](std::size_t) { return null; })}}, "#/prefixItems", "items");
  for (const char* pattern : {"(a|b)*a(a|b){40}$", "((a{1000}){1000}){1000}", "(((){1000}){1000}){1000}", "^[^a]{90000}$"})
    expect({{"type", "string"}, {"pattern", pattern}}, "#", "patterns");
  expect({{"type", "string"}, {"pattern", std::string(1'000'000, 'a')}}, "#", "patterns");
  expect({{"type", "string"}, {"pattern", "^[a-z]*$"}, {"minLength", 1'000'000'000}}, "#", "patterns");
}

// Whatever is repeated in it costs once.
TEST(Sizes, RepetitionsCostNothing) {
  const auto size = [](const OrderedJson& schema) { return read_schema(schema).size; };
  const auto null = [](std::size_t) { return OrderedJson{{"$ref", "#/$defs/a"}}; };
  const OrderedJson types = times(500'000, [](std::size_t) { return "string"; });
  EXPECT_EQ(size({{"type", types}, {"enum", {"a", "b"}}}), size({{"type", "string"}, {"enum", {"a", "b"}}}));
  EXPECT_EQ(size({{"properties", {{"a", true}}}, {"required", times(100'000, [](std::size_t) { return "a"; })}}),
            size({{"properties", {{"a", true}}}, {"required", {"a"}}}));
  const OrderedJson same = {
      {"$defs", {{"a", {{"type", "string"}, {"format", "uri"}}}}}, {"type", "array"}, {"prefixItems", times(50, null)}};
  EXPECT_LT(size(same), 50'000);
  EXPECT_EQ(read_schema(same).nodes.size(), 2);
  const Schema dates = read_schema({{"properties", members(50, {{"type", "string"}, {"format", "date"}})}});
  EXPECT_EQ(dates.nodes.size(), 2);
}

TEST(Sizes, GivenValuesAreOneAlternative) {
  const Schema schema = read_schema({{"anyOf", times(2000, [](std::size_t i) { return OrderedJson{{"const", i}}; })}});
  EXPECT_EQ(schema.values[schema.root].alternatives.size(), 1);
  EXPECT_THAT(error_of_schema({{"anyOf", times(65,
                                               [](std::size_t i) {
                                                 return OrderedJson{{"type", "string"}, {"minLength", i}};
                                               })}}),
              HasSubstr("#: has more than 64 alternatives"));
}

TEST(Sizes, MachinesOfTextsHaveAsFewStatesAsTheirTexts) {
  const auto states = [](const OrderedJson& json) {
    const Schema schema = read_schema(json);
    return std::get<TextNode>(schema.nodes.back()).states.size();
  };
  EXPECT_EQ(states({{"enum", {"a", "ab", "ac"}}}), 8);  // before the quote and after it, a, b and c, and each text's end
  EXPECT_LT(states({{"type", "string"}, {"format", "date"}}), 100);
  EXPECT_LT(states({{"type", "string"}, {"format", "uri"}, {"minLength", 1}, {"maxLength", 2083}}), 100);
  EXPECT_LT(states({{"type", "string"}, {"format", "email"}, {"maxLength", 1'000'000'000}}), 1500);
  EXPECT_LT(states({{"type", "string"}, {"pattern", "^(a|b)*$"}, {"maxLength", 1'000'000'000}}), 6);
}

TEST(Sizes, ErrorsAreShort) {
  const std::string long_name(1'000'000, 'k');
  EXPECT_LT(error_of_schema({{long_name, 1}}).size(), 1000);
  EXPECT_LT(error_of_schema({{"$ref", "#/" + long_name}}).size(), 1000);
  EXPECT_LT(error_of_schema({{"format", long_name}}).size(), 1000);
  OrderedJson deep = {{"type", "nothing"}};
  for (int i = 0; i < 50; ++i) deep = {{"properties", {{std::string(1000, 'k'), deep}}}};
  EXPECT_LT(error_of_schema(deep).size(), 4000);
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
  EXPECT_EQ(error_of_schema(few), "no error");  // each is read once
  OrderedJson deep = true;
  for (int i = 0; i < 70; ++i) deep = {{"type", "array"}, {"items", deep}, {"minItems", 1}};
  EXPECT_THAT(error_of_schema(deep), HasSubstr("64 arrays and objects"));
}

}  // namespace
}  // namespace midillama::grammar
