#include "midillama/net/url.h"

#include <gtest/gtest.h>

namespace midillama::net {
namespace {

TEST(Url, QueriesAreEncoded) {
  const Parameter parameters[] = {{"srsearch", "Dvořák & \"Söhne\"=1"}, {"a b", "-._~"}};
  EXPECT_EQ(with_query("http://a.example/w/api.php", parameters),
            "http://a.example/w/api.php?srsearch=Dvo%C5%99%C3%A1k%20%26%20%22S%C3%B6hne%22%3D1&a%20b=-._~");
  EXPECT_EQ(with_query("http://a.example/", {}), "http://a.example/");
}

TEST(Url, TargetsAreWhatServersAreAskedFor) {
  EXPECT_EQ(target_of("https://a.example/w/api.php?a=b/c#d"), "/w/api.php?a=b/c");
  EXPECT_EQ(target_of("https://a.example:8443"), "/");
  EXPECT_EQ(target_of("https://a.example?a=b"), "/?a=b");
  EXPECT_EQ(target_of("https://a.example#x/y"), "/");
}

TEST(Url, RedirectsDoNotLeaveHttps) {
  for (const char* from : {"https://a.example/x", "HTTPS://a.example"}) {
    EXPECT_TRUE(may_redirect(from, "https://b.example/"));
    EXPECT_FALSE(may_redirect(from, "http://a.example/x"));
    EXPECT_FALSE(may_redirect(from, "file:///etc/hostname"));
  }
  EXPECT_TRUE(may_redirect("http://a.example", "HTTPS://a.example"));
  EXPECT_TRUE(may_redirect("http://a.example", "http://b.example"));
  for (const char* to : {"ftp://a.example", "file:///etc/hostname", "/x", ""}) EXPECT_FALSE(may_redirect("http://a.example", to)) << to;
}

}  // namespace
}  // namespace midillama::net
