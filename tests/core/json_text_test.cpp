#include "midillama/core/json_text.h"

#include "support/error_of.h"

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
