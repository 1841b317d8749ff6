#include "midillama/web/page.h"

#include "web/running_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace midillama::web {
namespace {

using testing::HasSubstr;

TEST(Page, EveryFileIsServedWithItsTypeToWhoeverAsks) {
  RunningServer server({.api_key = "key"}, [](HttpServer& http) { add_page(http, page_files()); });
  auto client = server.client();
  for (const PageFile& file : page_files()) {
    const auto answer = client.Get(std::string(file.path));
    EXPECT_EQ(answer->status, 200) << file.path;
    EXPECT_EQ(answer->body, file.content);
    EXPECT_EQ(answer->get_header_value("Content-Security-Policy"),
              "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer->get_header_value("Referrer-Policy"), "no-referrer");
  }
  EXPECT_THAT(client.Get("/roll.js")->get_header_value("Content-Type"), HasSubstr("text/javascript"));
  EXPECT_THAT(client.Get("/base.css")->get_header_value("Content-Type"), HasSubstr("text/css"));
  EXPECT_THAT(client.Get("/icon.svg")->get_header_value("Content-Type"), HasSubstr("image/svg+xml"));
  EXPECT_EQ(client.Get("/roll.js.map")->status, 404);
}

TEST(Page, NoFileNamesAnotherServer) {
  for (const PageFile& file : page_files()) {
    std::string content(file.content);
    for (const char* name : {"http://www.w3.org/2000/svg"}) {
      for (auto at = content.find(name); at != std::string::npos; at = content.find(name)) content.erase(at, std::string(name).size());
    }
    EXPECT_EQ(content.find("http"), std::string::npos) << file.path;
  }
}

}  // namespace
}  // namespace midillama::web
