#include "midillama/net/retry.h"

#include "midillama/net/pace.h"
#include "support/error_of.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::net {
namespace {

using testing::AllOf;
using testing::DoubleEq;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Optional;
using testing_support::ScriptedServer;

HttpResponse response(int status, std::map<std::string, std::string> headers = {}) {
  return {.status = status, .headers = std::move(headers)};
}

TEST(Retry, WhichAnswersMayHelpAgain) {
  for (const int status : {408, 409, 429, 500, 502, 503, 504, 599}) EXPECT_TRUE(may_help_again(response(status))) << status;
  for (const int status : {200, 204, 301, 400, 401, 403, 404, 413, 422}) EXPECT_FALSE(may_help_again(response(status))) << status;
  EXPECT_FALSE(may_help_again(response(429, {{"x-should-retry", "false"}})));
  EXPECT_TRUE(may_help_again(response(400, {{"x-should-retry", "true"}})));
}

TEST(Retry, WaitsThatServersAskFor) {
  constexpr std::time_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  const auto wait = [](std::map<std::string, std::string> headers) { return asked_wait(response(429, std::move(headers)), kNow); };
  EXPECT_THAT(wait({{"retry-after", "2"}}), Optional(DoubleEq(2)));
  EXPECT_THAT(wait({{"retry-after", "0.25"}}), Optional(DoubleEq(0.25)));
  EXPECT_THAT(wait({{"retry-after", "2"}, {"retry-after-ms", "1500"}}), Optional(DoubleEq(1.5)));
  EXPECT_THAT(wait({{"retry-after", "2"}, {"retry-after-ms", "soon"}}), Optional(DoubleEq(2)));
  EXPECT_THAT(wait({{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}}), Optional(DoubleEq(10)));
  EXPECT_THAT(wait({{"retry-after", "Sun, 06 Nov 1994 08:49:07 GMT"}}), Optional(DoubleEq(0))) << "gone by";
  for (const char* nothing : {"", "soon", "-1", "nan", "inf", "2 minutes"})
    EXPECT_EQ(wait({{"retry-after", nothing}}), std::nullopt) << nothing;
  EXPECT_EQ(wait({}), std::nullopt);
}

class SendAgain : public testing::Test {
 protected:
  HttpResponse send(const std::string& url, RetryPolicy policy = {}) {
    Random random(1);
    const RetryHooks hooks{.wait = [&](double seconds) { waits.push_back(seconds); }};
    return send_again(client, {.url = url}, policy, hooks, random);
  }

  HttpClient client{{.user_agent = "", .limit = std::chrono::seconds(10)}};
  std::vector<double> waits;
};

TEST_F(SendAgain, UntilItIsAnswered) {
  ScriptedServer server([](std::size_t number, const httplib::Request&, httplib::Response& response) {
    response.status = number < 6 ? 503 : 200;
    if (number == 2) response.set_header("Retry-After", "3");
  });
  EXPECT_EQ(send(server.url()).status, 200);
  ASSERT_EQ(waits.size(), 6u);
  const std::vector<double> longest = {0.5, 1, 3, 4, 8, 8};
  for (std::size_t i = 0; i < waits.size(); ++i) EXPECT_THAT(waits[i], AllOf(Le(longest[i]), Ge(i == 2 ? 3.0 : 0.75 * longest[i]))) << i;
}

TEST_F(SendAgain, NoMoreOftenThanThePolicySays) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) { response.status = 500; });
  EXPECT_EQ(send(server.url(), {.tries = 3}).status, 500);
  EXPECT_EQ(server.bodies().size(), 3u);
  EXPECT_EQ(waits.size(), 2u);
}

TEST_F(SendAgain, NotToAServerThatWantsToBeLeftAlone) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    response.status = 429;
    response.set_header("Retry-After", "3600");
  });
  EXPECT_EQ(send(server.url()).status, 429);
  EXPECT_EQ(server.bodies().size(), 1u);
}

TEST_F(SendAgain, WhereNoAnswerCameTheLastReasonIsThrown) {
  EXPECT_THAT(testing_support::error_of([&] { send("http://127.0.0.1:1", {.tries = 4}); }), HasSubstr("http://127.0.0.1:1: "));
  EXPECT_EQ(waits.size(), 3u);
}

TEST(Wait, EndsWhenItIsStopped) {
  int asked = 0;
  EXPECT_THROW(wait_or_stop(60, [&] { return ++asked == 3; }), Stopped);
  wait_or_stop(0.01, nullptr);
}

TEST(Pace, SpreadsWhatItLetsThrough) {
  Pace pace(60, 60);
  const auto now = Pace::Clock::now();
  EXPECT_DOUBLE_EQ(pace.book(1, now), 0);
  EXPECT_DOUBLE_EQ(pace.book(3, now), 1);
  EXPECT_DOUBLE_EQ(pace.book(1, now + std::chrono::seconds(1)), 3);
  EXPECT_DOUBLE_EQ(pace.book(1, now + std::chrono::seconds(60)), 0) << "a rest is not saved up";
  Pace none(0, 60);
  for (int i = 0; i < 5; ++i) EXPECT_DOUBLE_EQ(none.book(1e9, now), 0);
}

}  // namespace
}  // namespace midillama::net
