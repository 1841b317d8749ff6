#include "midillama/grammar/matcher.h"

#include "grammar/byte_tokenizer.h"
#include "grammar/random_walk.h"
#include "grammar/validator.h"
#include "midillama/core/json_reader.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace midillama::grammar {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::error_of;

const std::filesystem::path kGoldens = "tests/golden/grammar";

struct Kind {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const Vocabulary> vocabulary;
};

Kind kind_of(std::shared_ptr<const text::Tokenizer> tokenizer) {
  auto vocabulary = std::make_shared<const Vocabulary>(*tokenizer, std::vector{*tokenizer->eos_id()});
  return {std::move(tokenizer), std::move(vocabulary)};
}

const Kind& bytes() {
  static const Kind kind = kind_of(std::make_shared<ByteTokenizer>());
  return kind;
}

const std::map<std::string, Kind>& kinds() {
  static const std::map<std::string, Kind> kinds = {
      {"bytes", bytes()},
      {"awkward tokens", kind_of(std::make_shared<ByteTokenizer>(ByteTokenizer::awkward()))},
      {"sentencepiece", kind_of(text::load_tokenizer("tests/golden/text/sentencepiece.model"))},
      {"characters", kind_of(text::load_tokenizer("tests/golden/text/character_level/metaspace"))}};
  return kinds;
}

std::shared_ptr<const Grammar> compiled(const OrderedJson& schema, const Kind& kind = bytes()) {
  return json_schema(schema, kind.vocabulary);
}

std::shared_ptr<const Grammar> compiled(const char* schema) {
  return compiled(OrderedJson::parse(schema));
}

// Whether a text is one of the grammar's, token by token of its encoding.
bool accepts(const std::shared_ptr<const Grammar>& grammar, std::string_view text, const Kind& kind = bytes()) {
  Matcher matcher(grammar);
  auto remaining = static_cast<std::int64_t>(text.size() + 10'000);
  for (const text::TokenId id : kind.tokenizer->encode(text)) {
    const auto ids = ids_of(matcher.allowed(remaining--));
    if (std::ranges::find(ids, id) == ids.end()) return false;
    matcher.accept(id);
  }
  return matcher.is_complete();
}

std::map<std::string, OrderedJson> schemas() {
  const OrderedJson json = parse_ordered_json(read_text(kGoldens / "schemas.json"), "schemas.json");
  std::map<std::string, OrderedJson> schemas;
  for (const auto& [name, schema] : json.items()) schemas[name] = schema;
  return schemas;
}

// --- Whatever is drawn

TEST(Walks, EveryAnswerParsesAndSatisfiesItsSchemaWithinItsBudget) {
  for (const auto& [kind_name, kind] : kinds()) {
    for (const auto& [name, schema] : schemas()) {
      const auto grammar = compiled(schema, kind);
      const Validator validator(schema);
      for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const std::int64_t budget = grammar->shortest() + static_cast<std::int64_t>(seed * seed);
        const auto ids = random_walk(grammar, budget, seed);
        ASSERT_LE(static_cast<std::int64_t>(ids.size()), budget);
        const std::string text = kind.tokenizer->decode(ids);
        const auto json = OrderedJson::parse(text, nullptr, false);
        ASSERT_TRUE(!json.is_discarded() && validator.holds(json)) << kind_name << ", " << name << ", seed " << seed << ": " << text;
        ASSERT_FALSE(repeated_key(text)) << text;
      }
    }
  }
}

TEST(Walks, TheBytesOfTokensAreTheDecodedText) {
  for (const auto& [kind_name, kind] : kinds()) {
    const auto grammar = compiled(OrderedJson(true), kind);
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const auto ids = random_walk(grammar, 60, seed);
      std::string text;
      for (const text::TokenId id : ids) text += kind.vocabulary->bytes(id);
      const std::string decoded = kind.tokenizer->decode(ids);
      if (kind.vocabulary->drops_first_space() && decoded.size() < text.size()) text.erase(0, 1);
      ASSERT_EQ(decoded, text) << kind_name;
    }
  }
}

TEST(Walks, EverySchemaHasTextsOfItsShortestLengthAndNoShorterBudget) {
  for (const auto& [name, schema] : schemas()) {
    const auto grammar = compiled(schema);
    Matcher matcher(grammar);
    EXPECT_EQ(matcher.shortest(), grammar->shortest());
    EXPECT_THAT(error_of([&] { matcher.allowed(grammar->shortest() - 1); }), HasSubstr("remain")) << name;
    const auto ids = random_walk(grammar, grammar->shortest(), 1);
    EXPECT_EQ(static_cast<std::int64_t>(ids.size()), grammar->shortest()) << name << bytes().tokenizer->decode(ids);
  }
}

TEST(Walks, KeysOfOpenObjectsNeverRepeatThoughOnlyFewAreShort) {
  const auto schema =
      OrderedJson::parse(R"({"type": "object", "required": ["a"], "properties": {"a": {"type": "null"}, "": {"type": "null"}},
      "additionalProperties": {"type": "null"}})");
  const Kind& kind = kinds().at("awkward tokens");
  const auto grammar = compiled(schema, kind);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string text = kind.tokenizer->decode(random_walk(grammar, 300, seed));
    EXPECT_FALSE(repeated_key(text)) << text;
    EXPECT_TRUE(Validator(schema).holds(OrderedJson::parse(text))) << text;
  }
}

// --- What is accepted

// Python's json wrote the documents and jsonschema judged them.
TEST(GoldenDocuments, ThoseThatPythonCallsValidAreAcceptedAndNoOthers) {
  const auto all = schemas();
  const Json golden = read_json(kGoldens / "documents.json");
  for (const auto& [kind_name, kind] : kinds()) {
    for (const auto& [name, documents] : golden.at("documents").items()) {
      const auto grammar = compiled(all.at(name), kind);
      for (const Json& text : documents.at("valid")) {
        EXPECT_TRUE(accepts(grammar, text.get<std::string>(), kind)) << kind_name << ", " << name << ": " << text;
      }
      for (const Json& text : documents.at("invalid")) {
        EXPECT_FALSE(accepts(grammar, text.get<std::string>(), kind)) << kind_name << ", " << name << ": " << text;
      }
    }
  }
}

TEST(Integers, ExactlyThoseWithinTheirBounds) {
  for (const auto& [low, high] : {std::pair{-12, 105}, {0, 0}, {0, 9}, {7, 7}, {-1, 1}, {-250, -99}, {98, 1002}, {-3, 0}}) {
    const auto grammar = compiled(fmt::format(R"({{"type": "integer", "minimum": {}, "maximum": {}}})", low, high).c_str());
    for (int value = -1200; value <= 1200; ++value) {
      EXPECT_EQ(accepts(grammar, std::to_string(value)), value >= low && value <= high) << low << " to " << high << ": " << value;
    }
    for (const char* text : {"-0", "00", "01", "-", "1.0", "1e1", "+1", "", "0x1"}) EXPECT_FALSE(accepts(grammar, text)) << text;
  }
}

TEST(Integers, AsManyDigitsAsEveryProgramReads) {
  const auto grammar = compiled(R"({"type": "integer"})");
  EXPECT_TRUE(accepts(grammar, "-999999999999999999"));
  EXPECT_FALSE(accepts(grammar, "1000000000000000000"));
  EXPECT_TRUE(accepts(compiled(R"({"type": "integer", "minimum": 99999999999999999})"), "99999999999999999"));
  EXPECT_FALSE(accepts(compiled(R"({"type": "integer", "exclusiveMinimum": 99999999999999999})"), "99999999999999999"));
}

TEST(Numbers, ExactlyThoseWithinTheirBounds) {
  struct Bounds {
    const char* schema;
    int low, high;  // hundredths, inclusive
  };
  for (const auto& [schema, low, high] : {Bounds{R"({"minimum": -0.35, "maximum": 1.2})", -35, 120},
                                          {R"({"exclusiveMinimum": -0.35, "exclusiveMaximum": 1.2})", -34, 119},
                                          {R"({"minimum": 0.07, "maximum": 0.1})", 7, 10},
                                          {R"({"minimum": -1.5, "maximum": -0.05})", -150, -5},
                                          {R"({"minimum": 0, "exclusiveMaximum": 1})", 0, 99},
                                          {R"({"exclusiveMinimum": 1e-1, "maximum": 15e-1})", 11, 150}}) {
    const auto grammar = compiled(schema);
    for (int value = -200; value <= 200; ++value) {
      const std::string text = fmt::format("{}{}.{:02}", value < 0 ? "-" : "", std::abs(value) / 100, std::abs(value) % 100);
      const bool is_within = value >= low && value <= high;
      EXPECT_EQ(accepts(grammar, text), is_within) << schema << ": " << text;
      for (const auto& [unit, zeros] : {std::pair{10, 1}, {100, 3}}) {
        if (value % unit != 0) continue;
        EXPECT_EQ(accepts(grammar, text.substr(0, text.size() - static_cast<std::size_t>(zeros))), is_within) << schema << ": " << text;
      }
    }
    for (const char* text : {"1e0", "1.", ".5", "-", "-0", "-0.0", "00.5", "1E-1"}) EXPECT_FALSE(accepts(grammar, text)) << schema << text;
  }
}

TEST(Numbers, NegativeBoundsAreExcludedWhereTheyAreExclusive) {
  const auto numbers = compiled(R"({"type": "number", "minimum": -100, "exclusiveMaximum": -1})");
  for (const char* text : {"-1", "-1.0", "-1.00000", "-0.5", "0", "-100.1", "1"}) EXPECT_FALSE(accepts(numbers, text)) << text;
  for (const char* text : {"-100", "-100.0", "-1.5", "-1.000001", "-99.999"}) EXPECT_TRUE(accepts(numbers, text)) << text;
  const auto integers = compiled(R"({"type": "integer", "exclusiveMinimum": -100, "exclusiveMaximum": -1})");
  for (const char* text : {"-1", "0", "-100", "-101"}) EXPECT_FALSE(accepts(integers, text)) << text;
  for (const char* text : {"-99", "-2", "-10"}) EXPECT_TRUE(accepts(integers, text)) << text;
}

TEST(Numbers, WithoutBoundsAsJsonHasThem) {
  const auto grammar = compiled(R"({"type": "number"})");
  for (const char* text : {"0", "-0", "10", "-1.5", "0.001", "1e5", "1E+5", "2.5e-07", "12345678901234567890", "0.12345678901234567"})
    EXPECT_TRUE(accepts(grammar, text)) << text;
  for (const char* text : {"01", "1.", "1.e2", "-1.e2", "0.e2", "e5", "1e", "1e+", "+1", ".5", "1e100", "--1", "1.5.2", "NaN", "-Infinity"})
    EXPECT_FALSE(accepts(grammar, text)) << text;
}

TEST(Strings, LengthsAreCountedInCodePoints) {
  const auto one = compiled(R"({"type": "string", "minLength": 1, "maxLength": 1})");
  for (const char* text :
       {"\"a\"", "\"é\"", "\"😀\"", R"("\n")", R"("\u0041")", R"("\ud83d\ude00")", R"("\uD83D\uDE00")", R"("\\")", R"("\"")", "\"\x7f\""})
    EXPECT_TRUE(accepts(one, text)) << text;
  for (const char* text : {"\"\"", "\"ab\"", "\"e\xCC\x81\"", R"("\n\n")", R"("\u0041b")", R"("\ud83d\ude00x")", R"("é\t")"})
    EXPECT_FALSE(accepts(one, text)) << text;
  EXPECT_FALSE(accepts(compiled(R"({"type": "string", "minLength": 2})"), "\"😀\""));
  EXPECT_TRUE(accepts(compiled(R"({"type": "string", "maxLength": 0})"), "\"\""));
}

TEST(Strings, AreValidUtf8AndValidJson) {
  const auto grammar = compiled(R"({"type": "string"})");
  for (const char* text : {"\"\x1f\"",
                           "\"\t\"",
                           "\"\n\"",
                           R"("\q")",
                           R"("\u12")",
                           R"("\u12g4")",
                           R"("\ud83d")",
                           R"("\ud83dx")",
                           R"("\ud83d\n")",
                           R"("\ud83d\u0041")",
                           R"("\ude00")",
                           "\"\x80\"",
                           "\"\xC3\"",
                           "\"\xC0\xAF\"",
                           "\"\xE0\x80\xAF\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xF4\x90\x80\x80\"",
                           "\"\xF5\x80\x80\x80\"",
                           "\"\xFF\"",
                           "\"",
                           "'a'"})
    EXPECT_FALSE(accepts(grammar, text)) << text;
  for (const char* text : {R"("\u0000")", R"("\ud7ff\ue000")", "\"\xF4\x8F\xBF\xBF\"", "\"\xED\x9F\xBF\"", R"("\/\b\f\r\t")", "\" \""})
    EXPECT_TRUE(accepts(grammar, text)) << text;
}

// --- Patterns and formats

void expect_texts(const OrderedJson& schema, const std::vector<const char*>& accepted, const std::vector<const char*>& refused) {
  const auto grammar = compiled(schema);
  for (const char* text : accepted) EXPECT_TRUE(accepts(grammar, OrderedJson(text).dump())) << schema << ": " << text;
  for (const char* text : refused) EXPECT_FALSE(accepts(grammar, OrderedJson(text).dump())) << schema << ": " << text;
}

TEST(Patterns, AreFoundAnywhereInATextAsEcmaScriptFindsThem) {
  const auto expect = [](const char* pattern, const std::vector<const char*>& accepted, const std::vector<const char*>& refused) {
    expect_texts({{"type", "string"}, {"pattern", pattern}}, accepted, refused);
  };
  expect("ab", {"ab", "xxabyy", "aab", "é ab\n"}, {"", "a", "ba", "a b"});
  expect("^ab", {"ab", "abc"}, {"xab", "a"});
  expect("ab$", {"ab", "xab"}, {"abx"});
  expect("^a|b$", {"a", "ax", "xb", "b"}, {"xa", "bx"});
  expect("(^|-)a($|-)", {"a", "-a", "x-a-x", "a-"}, {"ab", "xa"});
  expect("", {"", "anything"}, {});
  expect("^$", {""}, {"a", "\n"});
  expect("^a{2,3}b?c+d*e{0}$", {"aac", "aaabccdd", "aacd"}, {"ac", "aaaac", "aab", "aace"});
  expect("^(?:a|(?<n>bc))*?$", {"", "abca", "bcbc"}, {"b", "cb"});
  expect("^(a|ab)(c|bcd)(d*)$", {"ac", "abc", "abcd", "acdd", "abcdd"}, {"a", "abd"});
  expect("^[a-c\\]^-]$", {"a", "c", "]", "^", "-"}, {"d", "\\", ""});
  expect("^[^a-c]$", {"d", "é", "\n", "\"", "😀"}, {"a", "", "dd"});
  expect("^.$", {"a", "é", "😀", "\"", "\\", "\t"}, {"\n", "\r", "\u2028", "ab"});
  expect("^\\d\\w\\s\\S$", {"1_ x", "9a\té"}, {"a_ x", "1- x", "1_xx", "1_  "});
  expect("^\\D\\W$", {"a-", "- ", "é-"}, {"1-", "aa", "٣-", "-é"});
  expect("^\\u00e9\\u{1F600}\\uD83D\\uDE00\\x41\\.$", {"é😀😀A."}, {"é😀😀Ax"});
  expect("^[à-ö]+$", {"é", "àö"}, {"e", "ø"});
  expect("^\"\\\\\\n$", {"\"\\\n"}, {"\"\\n"});
  expect("^(?!\\.)(?!.*\\.\\.)(?=.{3})[a-z.]+$", {"a.b", "abc."}, {".ab", "a..b", "ab"});
  expect("^(?!a$|b)[ab]+$", {"ab", "aa"}, {"a", "b", "ba"});
}

TEST(Patterns, GoWithLengthsAndFormats) {
  expect_texts({{"type", "string"}, {"pattern", "^[a-z]+(-[a-z]+)*$"}, {"minLength", 3}, {"maxLength", 5}}, {"abc", "a-b", "abcde"},
               {"ab", "a-", "abcdef", "ab-cde", "-ab"});
  expect_texts({{"type", "string"}, {"pattern", "é"}, {"maxLength", 2}}, {"é", "éx", "\"é"}, {"xx", "xxé"});
  expect_texts({{"type", "string"}, {"format", "date"}, {"pattern", "^20"}}, {"2024-02-29"}, {"1999-01-01", "2023-02-29"});
  expect_texts({{"type", "string"}, {"format", "password"}, {"maxLength", 2}}, {"", "ab"}, {"abc"});
}

TEST(Formats, DatesAndTimesAreThoseOfTheCalendar) {
  const auto date = compiled(R"({"type": "string", "format": "date"})");
  for (const int year : {1, 4, 96, 100, 400, 1900, 2000, 2023, 2024, 9996, 9999}) {
    for (int month = 0; month <= 13; ++month) {
      for (const int day : {0, 1, 28, 29, 30, 31, 32}) {
        const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                              std::chrono::day(static_cast<unsigned>(day))};
        const std::string text = fmt::format("\"{:04}-{:02}-{:02}\"", year, month, day);
        EXPECT_EQ(accepts(date, text), ymd.ok()) << text;
      }
    }
  }
  EXPECT_FALSE(accepts(date, "\"0000-01-01\""));
  expect_texts({{"type", "string"}, {"format", "date-time"}}, {"2024-02-29T23:59:59Z", "1985-04-12T23:20:50.52-00:30"},
               {"2024-02-29", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00",
                "2024-01-01 00:00:00Z"});
}

TEST(Types, AllOfThemKeepTheirLimits) {
  const auto grammar =
      compiled(R"({"type": ["null", "boolean", "object", "array", "number", "string"], "maxLength": 1, "maxItems": 1, "minimum": 5})");
  for (const char* text : {"null", "true", "{}", "[1]", "5", R"("a")"}) EXPECT_TRUE(accepts(grammar, text)) << text;
  for (const char* text : {"[1,2]", "4", R"("ab")"}) EXPECT_FALSE(accepts(grammar, text)) << text;
}

TEST(OneOf, WritesThePropertyThatTellsItsAlternativesApart) {
  const auto grammar = compiled(R"({"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}}},
      {"type": "object", "properties": {"kind": {"const": "b"}, "n": {"type": "null"}}, "required": ["kind"]}]})");
  for (const char* text : {R"({"kind":"a"})", R"({"kind":"b"})", R"({"kind":"b","n":null})"}) EXPECT_TRUE(accepts(grammar, text)) << text;
  for (const char* text : {"{}", R"({"n":null})", R"({"kind":"a","n":null})"}) EXPECT_FALSE(accepts(grammar, text)) << text;
}

TEST(Spaces, AreOneAfterCommasAndColonsAtMost) {
  const auto grammar = compiled(R"({"type": "object", "properties": {"a": {"type": "array"}, "b": true}, "required": ["a"]})");
  for (const char* text : {R"({"a": [1, 2], "b": {}})", R"({"a":[1,2],"b":{}})", R"({"a":[1, 2],"b": null})"})
    EXPECT_TRUE(accepts(grammar, text)) << text;
  for (const char* text : {R"({ "a": []})", R"({"a" : []})", R"({"a":  []})", R"({"a": [ ]})", R"({"a": [1 ]})", R"({"a": [],  "b": 1})",
                           R"({"a": [] })", R"( {"a": []})", "{\"a\":\n[]}", "{\"a\":\t[]}"})
    EXPECT_FALSE(accepts(grammar, text)) << text;
}

TEST(Objects, PropertiesComeInTheSchemasOrderAndOthersAfterThem) {
  const auto closed = compiled(R"({"properties": {"b": {"type": "null"}, "a": {"type": "null"}}})");
  EXPECT_TRUE(accepts(closed, R"({"b":null,"a":null})"));
  EXPECT_TRUE(accepts(closed, R"({"a":null})"));
  EXPECT_FALSE(accepts(closed, R"({"a":null,"b":null})"));
  EXPECT_FALSE(accepts(closed, R"({"a":null,"a":null})"));
  EXPECT_FALSE(accepts(closed, R"({"c":null})"));
  EXPECT_FALSE(accepts(closed, R"({"a":null,})"));
  EXPECT_FALSE(accepts(closed, R"({,"a":null})"));
  const auto open = compiled(R"({"properties": {"a": {"type": "null"}}, "additionalProperties": {"type": "integer"}})");
  EXPECT_TRUE(accepts(open, R"({"a":null,"b":1,"é":2,"":3})"));
  EXPECT_FALSE(accepts(open, R"({"b":1,"a":null})"));
  EXPECT_FALSE(accepts(open, R"({"b":1,"b":2})"));
  EXPECT_FALSE(accepts(open, R"({"a":1})"));
  EXPECT_FALSE(accepts(open, R"({"\u0061":1})"));
}

// A model that begins a name which cannot come any more is led to another name, not into an escape that makes the rest a part of the key.
TEST(Objects, AKeyThatIsTakenGoesOnWithoutEscapes) {
  const auto grammar =
      compiled(R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "additionalProperties": {"type": "null"}})");
  Matcher matcher(grammar);
  for (const char c : std::string(R"({"b":null,"a)")) matcher.accept(c);
  const auto ids = ids_of(matcher.allowed(100));
  EXPECT_EQ(std::ranges::count(ids, '"'), 0);
  EXPECT_EQ(std::ranges::count(ids, '\\'), 0);
  EXPECT_EQ(std::ranges::count(ids, 'b'), 1);
}

TEST(Nesting, IsBounded) {
  const auto grammar = compiled(R"({"$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}}, "$ref": "#/$defs/list"})");
  EXPECT_TRUE(accepts(grammar, std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(accepts(grammar, std::string(65, '[') + std::string(65, ']')));
}

TEST(Alternatives, ThatMultiplyWithEveryLevelStayFew) {
  const auto grammar = compiled(R"({"$defs": {"list": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/list"}},
      {"type": "array", "items": {"$ref": "#/$defs/list"}, "maxItems": 5}, {"type": "array", "items": {"$ref": "#/$defs/list"}, "maxItems": 7}]}},
      "$ref": "#/$defs/list"})");
  EXPECT_TRUE(accepts(grammar, std::string(40, '[') + std::string(40, ']')));
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    EXPECT_TRUE(OrderedJson::accept(bytes().tokenizer->decode(random_walk(grammar, 400, seed))));
}

// --- The end

TEST(Ends, StopTokensMayComeExactlyWhereTheTextIsComplete) {
  const text::TokenId stop = *bytes().tokenizer->eos_id();
  Matcher matcher(compiled(R"({"type": "integer", "minimum": 0, "maximum": 120})"));
  const auto may_stop = [&] { return std::ranges::count(ids_of(matcher.allowed(10)), stop) == 1; };
  EXPECT_FALSE(may_stop());
  EXPECT_FALSE(matcher.is_complete());
  EXPECT_THROW(matcher.accept(stop), Error);
  matcher.accept('1');
  EXPECT_TRUE(may_stop());
  EXPECT_FALSE(matcher.is_finished());
  matcher.accept('2');
  matcher.accept('0');
  EXPECT_TRUE(matcher.is_finished());
  EXPECT_THAT(ids_of(matcher.allowed(1)), testing::ElementsAre(stop));
  matcher.accept(stop);
  EXPECT_TRUE(matcher.is_finished());
  EXPECT_THROW(matcher.accept('0'), Error);
}

TEST(Ends, ARefusedTokenLeavesTheTextAsItIs) {
  Matcher matcher(compiled(R"({"type": "boolean"})"));
  EXPECT_THROW(matcher.accept('x'), Error);
  EXPECT_THROW(matcher.accept(-1), Error);
  EXPECT_THROW(matcher.accept(100'000), Error);
  for (const char c : std::string("true")) matcher.accept(c);
  EXPECT_TRUE(matcher.is_finished());
}

TEST(Ends, WithoutStopTokensNothingFollowsAFinishedText) {
  const ByteTokenizer tokenizer;
  Matcher matcher(json_schema(OrderedJson::parse(R"({"const": null})"), std::make_shared<const Vocabulary>(tokenizer)));
  for (const char c : std::string("null")) matcher.accept(c);
  EXPECT_TRUE(matcher.is_finished());
  EXPECT_THROW(matcher.allowed(5), Error);
}

TEST(Budgets, OpenTextsAreClosedInTime) {
  const auto grammar = compiled(R"({"type": "object", "properties": {"text": {"type": "string", "minLength": 5}}, "required": ["text"]})");
  Matcher matcher(grammar);
  std::int64_t remaining = grammar->shortest() + 3;
  for (const char c : std::string(R"({"text":"abcdefgh)")) {
    const auto ids = ids_of(matcher.allowed(remaining--));
    ASSERT_TRUE(std::ranges::count(ids, c) == 1) << c;
    matcher.accept(c);
  }
  EXPECT_EQ(remaining, 2);
  EXPECT_THAT(ids_of(matcher.allowed(remaining)), testing::ElementsAre('"'));
}

TEST(Budgets, GivenTextsCostTheirTokens) {
  const OrderedJson schema = OrderedJson::parse(R"({"enum": ["name", "hello world"]})");
  EXPECT_EQ(compiled(schema)->shortest(), 6);
  EXPECT_EQ(compiled(schema, kinds().at("awkward tokens"))->shortest(), 1);
}

TEST(AnyObject, IsAnObject) {
  const auto grammar = json_object(bytes().vocabulary);
  EXPECT_TRUE(accepts(grammar, R"({"a": [1, {"b": null}], "c": "é"})"));
  for (const char* text : {"[]", "1", "\"a\"", "null"}) EXPECT_FALSE(accepts(grammar, text)) << text;
  EXPECT_EQ(grammar->shortest(), 2);
}

}  // namespace
}  // namespace midillama::grammar
