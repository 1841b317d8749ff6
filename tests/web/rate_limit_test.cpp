#include "midillama/web/rate_limit.h"

#include "midillama/web/http_server.h"

#include <gtest/gtest.h>

#include <chrono>

namespace midillama::web {
namespace {

using std::chrono::milliseconds;

TEST(RateLimit, SomeMayComeAtOnceThenAsManyASecondAsItSays) {
  RateLimit limit(2, 3);
  const auto start = RateLimit::Clock::now();
  for (int i = 0; i < 3; ++i) limit.take("a", start);
  EXPECT_THROW(limit.take("a", start), HttpError);
  EXPECT_THROW(limit.take("a", start + milliseconds(400)), HttpError);
  limit.take("a", start + milliseconds(500));
  EXPECT_THROW(limit.take("a", start + milliseconds(500)), HttpError);
}

TEST(RateLimit, NoMoreIsSavedUpThanMayComeAtOnce) {
  RateLimit limit(2, 3);
  const auto later = RateLimit::Clock::now() + std::chrono::hours(1);
  for (int i = 0; i < 3; ++i) limit.take("a", later);
  EXPECT_THROW(limit.take("a", later), HttpError);
}

TEST(RateLimit, OneDoesNotTakeFromAnother) {
  RateLimit limit(1, 1);
  const auto start = RateLimit::Clock::now();
  limit.take("a", start);
  limit.take("b", start);
  EXPECT_THROW(limit.take("a", start), HttpError);
}

TEST(RateLimit, SaysWhenToComeBack) {
  RateLimit limit(0.25, 1);
  const auto start = RateLimit::Clock::now();
  limit.take("a", start);
  try {
    limit.take("a", start);
    FAIL() << "was not refused";
  } catch (const HttpError& error) {
    EXPECT_EQ(error.status(), 429);
    EXPECT_EQ(error.headers().at("Retry-After"), "4");
  }
}

}  // namespace
}  // namespace midillama::web
