#include "midillama/web/address.h"

#include "midillama/core/error.h"
#include "support/error_of.h"
#include "web/running_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::web {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;

TEST(Address, AnIpv6AddressHasBracketsInAUrl) {
  EXPECT_EQ(in_url("::1", 80), "[::1]:80");
  EXPECT_EQ(in_url("127.0.0.1", 80), "127.0.0.1:80");
  EXPECT_EQ(in_url("localhost", 80), "localhost:80");
}

TEST(Address, WhyItCannotBeHadIsSaid) {
  const auto refusal = [](const std::string& host, int port) { return error_of([&] { require_free(host, port); }); };
  EXPECT_THAT(refusal("no such host", 0), HasSubstr("the host no such host is not known"));
  EXPECT_THAT(refusal("192.0.2.1", 0), AllOf(HasSubstr("no address of this machine"), Not(HasSubstr("another program"))));
  const RunningServer server({}, [](HttpServer&) {});
  EXPECT_THAT(refusal("127.0.0.1", server.port()), HasSubstr("does another program serve there?"));
  require_free("127.0.0.1", 0);
  EXPECT_THAT(error_of([] { HttpServer({.host = "192.0.2.1", .port = 0}).bind(); }), HasSubstr("no address of this machine"));
}

}  // namespace
}  // namespace midillama::web
