// Which requests of a browser are answered.
#include "midillama/core/file.h"
#include "midillama/web/http_server.h"
#include "web/running_server.h"

#include <gtest/gtest.h>

#include <string>

namespace midillama::web {
namespace {

constexpr const char* kJson = "application/json";

class SitesTest : public testing::Test {
 protected:
  static void add_routes(HttpServer& http) {
    http.get("/page", [](const Request&) { return Reply{.body = "a page", .type = "text/html"}; });
    http.post("/post", [](const Request& request) { return Reply{.body = request.body}; });
  }
  static int status_of_get(const RunningServer& server, const httplib::Headers& headers) {
    return server.client().Get("/page", headers)->status;
  }
  static int status_of_post(const RunningServer& server, const httplib::Headers& headers, const std::string& type = kJson) {
    return server.client().Post("/post", headers, "{}", type)->status;
  }
  static std::string own(const RunningServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }
};

TEST_F(SitesTest, AServerOfThisMachineAnswersToItsNames) {
  RunningServer server({}, add_routes);
  for (const std::string& name : {own(server), std::string("localhost"), std::string("LocalHost:1234"), std::string("[::1]:8080")}) {
    EXPECT_EQ(status_of_get(server, {{"Host", name}}), 200) << name;
  }
  for (const char* name :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "[", ":"}) {
    EXPECT_EQ(status_of_get(server, {{"Host", name}}), 403) << name;
    EXPECT_EQ(status_of_post(server, {{"Host", name}, {"Origin", std::string("http://") + name}}), 403) << name;
  }
  EXPECT_EQ(status_of_get(server, {{"Host", "localhost"}, {"Host", "localhost"}}), 400);
}

TEST_F(SitesTest, AServerForOthersAnswersToAnyName) {
  RunningServer server({.host = "0.0.0.0"}, add_routes);
  EXPECT_EQ(status_of_get(server, {{"Host", "music.example"}}), 200);
  EXPECT_EQ(status_of_post(server, {{"Host", "music.example"}, {"Origin", "https://music.example"}}), 200);
  EXPECT_EQ(status_of_post(server, {{"Host", "music.example"}, {"Origin", "https://evil.example"}}), 403);
}

TEST_F(SitesTest, PagesOfOtherSitesAreRefused) {
  RunningServer server({}, add_routes);
  EXPECT_EQ(status_of_post(server, {{"Origin", "http://" + own(server)}, {"Sec-Fetch-Site", "same-origin"}}), 200);
  for (const char* type : {kJson, "text/plain", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(status_of_post(server, {}, type), 200) << "no browser";
    for (const char* origin : {"https://evil.example", "null", "http://localhost:1", "http://127.0.0.1"})
      EXPECT_EQ(status_of_post(server, {{"Origin", origin}}, type), 403) << origin;
  }
  EXPECT_EQ(status_of_get(server, {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}}), 403);
  EXPECT_EQ(status_of_post(server, {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}), 403);
  EXPECT_EQ(status_of_get(server, {{"Sec-Fetch-Site", "none"}}), 200);
  EXPECT_EQ(status_of_get(server, {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}}), 200) << "a link";
  EXPECT_EQ(Json::parse(server.client().Get("/page", {{"Origin", "null"}})->body).at("error").at("type"), "invalid_request_error");
}

TEST_F(SitesTest, AnAllowedSiteReadsAnswersAndRefusals) {
  const std::string site = "https://app.example";
  RunningServer server({.api_key = "secret", .allowed_origins = {site}}, add_routes);
  auto client = server.client();
  const auto asked = client.Options("/post", {{"Origin", site}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_EQ(asked->status, 200) << "before a key is sent";
  EXPECT_EQ(asked->get_header_value("Access-Control-Allow-Origin"), site);
  EXPECT_EQ(asked->get_header_value("Access-Control-Allow-Headers"), "Authorization, *");
  EXPECT_EQ(asked->get_header_value("Access-Control-Allow-Methods"), "OPTIONS, POST");
  const auto answer = client.Post("/post", {{"Origin", site}, {"Authorization", "Bearer secret"}}, "{}", kJson);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->get_header_value("Access-Control-Allow-Origin"), site);
  EXPECT_EQ(client.Post("/post", {{"Origin", site}}, "{}", kJson)->get_header_value("Access-Control-Allow-Origin"), site);
  EXPECT_EQ(client.Options("/post", {{"Origin", "https://evil.example"}})->status, 403);
  EXPECT_EQ(client.Get("/page", {{"Host", "app.example"}, {"Authorization", "Bearer secret"}})->status, 200) << "a proxy's name";
  EXPECT_FALSE(client.Get("/page", {{"Authorization", "Bearer secret"}})->has_header("Access-Control-Allow-Origin"));
}

}  // namespace
}  // namespace midillama::web
