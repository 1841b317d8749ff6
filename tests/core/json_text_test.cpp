#include "midillama/core/json_text.h"

#include "midillama/core/json_reader.h"
#include "support/error_of.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace midillama {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

TEST(JsonText, IsTheLibrarysText) {
  const Json json = {{"a", 1.5}, {"b", {1, "x", nullptr}}};
  EXPECT_EQ(json_text(json), json.dump());
  EXPECT_EQ(json_text(json, 2), json.dump(2));
  const OrderedJson ordered = {{"z", 1}, {"a", 2.0}};
  EXPECT_EQ(json_text(ordered), R"({"z":1,"a":2.0})");
}

TEST(JsonReader, FindsAKeyThatIsThereTwice) {
  EXPECT_EQ(repeated_key(R"({"a": 1, "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]})"), std::nullopt);
  EXPECT_EQ(repeated_key(R"({"a": {"b": 1}, "a": {"b": 1}})"), "a");
  EXPECT_EQ(repeated_key(R"([{"x": {"k": 1, "\u006b": 2}}])"), "k");
}

TEST(JsonReader, SeesHowMuchATextHoldsBeforeItIsParsed) {
  const auto extent = json_extent(R"({"a": [1, [2, 3]], "b, [{\"": {}, "c": "\\"})");
  EXPECT_EQ(extent.depth, 3u);
  EXPECT_EQ(extent.values, 8u) << "an object of three, a list of two, a list of two, an empty object: at least as many";
  EXPECT_EQ(json_extent("]]}1").values, 0u);
}

TEST(JsonReader, RefusesWhatIsNestedTooDeep) {
  for (const auto& [open, close] : {std::pair{"[", "]"}, {"{\"a\":", "}"}}) {
    const auto nested = [&, open = open, close = close](std::size_t depth) {
      std::string text;
      for (std::size_t i = 0; i < depth; ++i) text += open;
      text += "1";
      for (std::size_t i = 0; i < depth; ++i) text += close;
      return text;
    };
    EXPECT_FALSE(parse_or_discard(nested(500)).is_discarded());
    for (const std::size_t depth : {501, 300'000}) {
      EXPECT_TRUE(parse_or_discard(nested(depth)).is_discarded());
      for (const auto& error :
           {error_of([&] { parse_json(nested(depth), "a.json"); }), error_of([&] { parse_ordered_json(nested(depth), "a.json"); })}) {
        EXPECT_EQ(error, "a.json: is nested more than 500 deep");
      }
    }
  }
  EXPECT_THAT(error_of([&] { parse_ordered_json("{\"a\": tru", "a.json"); }), HasSubstr("a.json: byte 10: not valid JSON"));
  EXPECT_EQ(parse_ordered_json(R"({"z": "[[", "a": 1})", "").begin().key(), "z");
}

TEST(JsonReader, OrderedValuesAreThoseOfTheLibrary) {
  for (const char* text : {"null", "[]", "{}", R"([1, -2, 3.5, 18446744073709551615, true, false, null, "é\n", [], {}])",
                           R"({"z": {"b": [1, {"c": null}], "a": {}}, "a": "x", "": 1})"}) {
    EXPECT_EQ(parse_ordered_json(text, "").dump(), OrderedJson::parse(text).dump()) << text;
  }
  EXPECT_THAT(error_of([] { parse_ordered_json("[1e999]", "a.json"); }), HasSubstr("a.json: byte 6: not valid JSON"));
}

TEST(JsonReader, AnObjectHasNoKeyTwice) {
  for (const char* text : {R"({"a": 1, "b": 2, "a": 1})", R"([{"x": {"a": 1, "\u0061": {}}}])"})
    EXPECT_THAT(error_of([&] { parse_ordered_json(text, "a.json"); }), HasSubstr("a.json: an object has a key twice: \"a\"")) << text;
  EXPECT_EQ(parse_ordered_json(R"([{"a": {"a": [{"a": 1}, {"a": 2}]}}])", "")[0].size(), 1u);
}

// One by one through those before it for each key, this would take a minute.
TEST(JsonReader, ObjectsMayHaveManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += fmt::format("{}\"key {}\": {}", i == 0 ? "" : ",", i, i);
  const OrderedJson json = parse_ordered_json(text + "}", "");
  EXPECT_EQ(json.size(), 200'000);
  EXPECT_EQ(json.front(), 0);
  EXPECT_EQ(json.back(), 199'999);
}

TEST(JsonText, NumbersThatAreNotFiniteAreNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(error_of([&] { json_text(OrderedJson{{"step", 3}, {"loss", nan}}); }), AllOf(HasSubstr("loss"), HasSubstr("nan")));
  EXPECT_THAT(error_of([&] {
                json_text(Json{{"rows", {{{"f1", 1.0}}, {{"f1", -infinity}}}}});
              }),
              AllOf(HasSubstr("rows.1.f1"), HasSubstr("-inf")));
  EXPECT_THAT(error_of([&] { json_text(Json(infinity)); }), HasSubstr("the number is inf"));
}

}  // namespace
}  // namespace midillama
