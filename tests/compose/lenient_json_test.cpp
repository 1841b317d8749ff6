#include "midillama/compose/lenient_json.h"

#include "midillama/core/error.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::compose {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

struct Case {
  std::string text;
  std::string json;
  Counts forgiven;
};

TEST(LenientJson, ReadsWhatWasMeantAndSaysWhatWasForgiven) {
  const std::vector<Case> cases = {
      {R"( {"a": [1, -2.5, true, null, "xé"]} )", R"({"a":[1,-2.5,true,null,"xé"]})", {}},
      {"```json\n{\"a\": 1}\n```", R"({"a":1})", {{"a block of code", 1}}},
      {"Here you are: {\"a\": 1} Enjoy!", R"({"a":1})", {{"words before the JSON", 1}, {"words after the JSON", 1}}},
      {"<think>{a}</think>\n{\"a\": 1}", R"({"a":1})", {{"thoughts before the answer", 1}}},
      {"{'a': [(1, 2), (3, 4)]}", R"({"a":[[1,2],[3,4]]})", {{"single quotes", 1}, {"tuples", 2}}},
      {"{a: True, \"b\": None}", R"({"a":true,"b":null})", {{"words without quotes", 1}, {"Python's words", 2}}},
      {"{\"a\": [1, 2,], \"b\": [1 2],}", R"({"a":[1,2],"b":[1,2]})", {{"commas too many", 2}, {"commas that are missing", 1}}},
      {"{\"a\": [1, ...], // and so on\n \"b\": 2}", R"({"a":[1],"b":2})", {{"an ellipsis", 1}, {"comments", 1}, {"commas too many", 1}}},
      {"{\"a\": [1, 2), \"b\": 3}", R"({"a":[1,2],"b":3})", {{"brackets that do not match", 1}}},
      {"{\"a\": [[1, 2], [3,", R"({"a":[[1,2],[3]]})", {{"an end that is missing", 1}}},
      {"{\"a\": [[1, 2], [3, 4", R"({"a":[[1,2]]})", {{"an end that is missing", 1}, {"a value that is cut", 1}}},
      {"{\"a\": [[1, 2], [3, 4\n", R"({"a":[[1,2]]})", {{"an end that is missing", 1}, {"a value that is cut", 1}}},
      {"{\"a\": [[1, 2], [3, 4]", R"({"a":[[1,2],[3,4]]})", {{"an end that is missing", 1}}},
      {"{\"a\": [{\"b\": 1, \"c\": 2", R"({"a":[{"b":1}]})", {{"an end that is missing", 1}, {"a value that is cut", 1}}},
      {"{\"a\": [1], \"b", R"({"a":[1]})", {{"an end that is missing", 1}, {"a value that is cut", 1}}},
      {"{\"a\": [1], \"a\": [2]}", R"({"a":[2]})", {{"keys that are there twice (the last is kept)", 1}}},
      {"{\"a\": [1], 'a': [2], \"b\": {\"a\": 3}}",
       R"({"a":[2],"b":{"a":3}})",
       {{"keys that are there twice (the last is kept)", 1}, {"single quotes", 1}}},
      {"Here is your {genre} song: {\"a\": [1]}", R"({"a":[1]})", {{"words before the JSON", 1}}},
      {"{\"plan\": \"b\"}\n{\"a\": [1, 2, 3, 4]}\nLike it {smile",
       R"({"a":[1,2,3,4]})",
       {{"words before the JSON", 1}, {"words after the JSON", 1}}},
      {"{\"a\": +5}", R"({"a":5})", {}},
  };
  for (const Case& one : cases) {
    Counts forgiven;
    EXPECT_EQ(read_lenient_json(one.text, forgiven), Json::parse(one.json)) << one.text;
    EXPECT_EQ(forgiven, one.forgiven) << one.text;
  }
}

TEST(LenientJson, RefusesWhatCannotBeMeant) {
  const auto error = [](const std::string& text) {
    return error_of([&] {
      Counts forgiven;
      read_lenient_json(text, forgiven);
    });
  };
  EXPECT_THAT(error("I cannot write music."), HasSubstr("there is no object"));
  EXPECT_THAT(error(""), HasSubstr("there is no object"));
  EXPECT_THAT(error("[1, 2]"), HasSubstr("there is no object"));
  EXPECT_THAT(error("{\"a\" 1}"), HasSubstr("byte 5 of the answer"));
  EXPECT_THAT(error("{genre}: {\"melody\": [[1, 2]], : {\"a\": 1}}"), HasSubstr("byte 30 of the answer")) << "not what is within it";
  EXPECT_THAT(error("{\"a\" \x1b[2J}"), HasSubstr("\\x1b[2J"));
  EXPECT_THAT(error("{1: 2}"), HasSubstr("byte 2 of the answer"));
  EXPECT_THAT(error("{\"a\": :}"), HasSubstr("byte 6 of the answer"));
  EXPECT_THAT(error("{\"a\":" + std::string(100'000, '[')), HasSubstr("more than 32"));
}

}  // namespace
}  // namespace midillama::compose
