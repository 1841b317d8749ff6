#include "midillama/net/http_client.h"

#include "support/error_of.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace midillama::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;
using testing_support::ScriptedServer;

HttpClientOptions options() {
  return {.user_agent = "midillama tests", .limit = std::chrono::seconds(20)};
}

TEST(HttpClient, AGetAndAPostAreWhatTheServerSees) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    response.set_header("X-Seen", request.method + " " + request.target + " " + request.get_header_value("User-Agent") + " " +
                                      request.get_header_value("X-Key"));
    response.set_content("got " + request.body, "text/plain");
  });
  HttpClient client(options());
  const HttpResponse get = client.send({.url = server.url() + "/a?b=c%20d", .headers = {{"X-Key", "k"}}});
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(get.body, "got ");
  EXPECT_EQ(get.headers.at("x-seen"), "GET /a?b=c%20d midillama tests k");
  const HttpResponse post = client.send({.url = server.url() + "/p", .body = R"({"a": 1})"});
  EXPECT_EQ(post.body, R"(got {"a": 1})");
  EXPECT_THAT(post.headers.at("x-seen"), HasSubstr("POST /p"));
}

TEST(HttpClient, EveryStatusIsAnAnswer) {
  ScriptedServer server(
      [](std::size_t number, const httplib::Request&, httplib::Response& response) { response.status = number == 0 ? 429 : 500; });
  HttpClient client(options());
  EXPECT_EQ(client.send({.url = server.url()}).status, 429);
  EXPECT_EQ(client.send({.url = server.url()}).status, 500);
}

TEST(HttpClient, ARedirectIsAnAnswerThatSaysWhereItLeads) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    if (request.path == "/end") return response.set_content("here", "text/plain");
    response.set_redirect(request.path == "/there" ? "https://b.example/w?x=1" : "end");
  });
  HttpClient client(options());
  const HttpResponse answer = client.send({.url = server.url() + "/a/begin?b"});
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.redirect, server.url() + "/a/end");
  EXPECT_EQ(client.send({.url = server.url() + "/there"}).redirect, "https://b.example/w?x=1");
  EXPECT_EQ(client.send({.url = server.url() + "/there", .body = "{}"}).status, 302) << "of a POST, too";
  EXPECT_EQ(client.send({.url = server.url() + "/end"}).redirect, "");
  EXPECT_EQ(server.bodies().size(), 4u);
}

TEST(HttpClient, WhatIsNoAnswerIsSaidWithoutTheQuery) {
  HttpClient client({.user_agent = "", .limit = std::chrono::milliseconds(300)});
  EXPECT_THAT(error_of([&] { client.send({.url = "http://127.0.0.1:1/x?key=secret"}); }),
              AllOf(HasSubstr("http://127.0.0.1:1: "), Not(HasSubstr("secret"))));
  ScriptedServer slow(
      [](std::size_t, const httplib::Request&, httplib::Response&) { std::this_thread::sleep_for(std::chrono::seconds(1)); });
  EXPECT_THROW(client.send({.url = slow.url()}), NoAnswer);
}

TEST(HttpClient, ALongAnswerIsNotTaken) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    response.set_content(std::string(std::stoul(request.get_param_value("size")), 'x'), "text/plain");
  });
  HttpClientOptions small = options();
  small.largest_body = 100'000;
  HttpClient client(small);
  EXPECT_EQ(client.send({.url = server.url() + "/?size=100000"}).body.size(), 100'000u);
  EXPECT_THAT(error_of([&] { client.send({.url = server.url() + "/?size=100001"}); }), HasSubstr("longer than 100000 bytes"));
  EXPECT_EQ(client.send({.url = server.url() + "/?size=5"}).body, "xxxxx") << "and goes on";
}

TEST(HttpClient, StopsWhileItWaits) {
  std::atomic<bool> is_stopped = false;
  ScriptedServer server([&](std::size_t, const httplib::Request&, httplib::Response&) {
    is_stopped = true;
    std::this_thread::sleep_for(std::chrono::seconds(2));
  });
  HttpClientOptions stoppable = options();
  stoppable.is_stopped = [&] { return is_stopped.load(); };
  HttpClient client(stoppable);
  EXPECT_THROW(client.send({.url = server.url()}), Stopped);
}

TEST(HttpClient, ManyThreadsShareIt) {
  ScriptedServer server(
      [](std::size_t, const httplib::Request& request, httplib::Response& response) { response.set_content(request.path, "text/plain"); });
  HttpClient client(options());
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const std::string path = "/" + std::to_string(i) + "/" + std::to_string(j);
        right += client.send({.url = server.url() + path}).body == path;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 80);
}

TEST(HttpClient, AddressesOfServers) {
  EXPECT_EQ(server_of("http://a.example/x?key=secret"), "http://a.example");
  EXPECT_EQ(server_of("HTTPS://name:word@a.example:8443#x"), "https://a.example:8443");
  for (const char* url : {"ftp://a", "a.example/v1", "", "http://", "https:///x", "file:///etc/passwd"})
    EXPECT_THAT(error_of([&] { server_of(url); }), HasSubstr("http:// or https://")) << url;
  HttpClient client(options());
  EXPECT_THROW(client.send({.url = "file:///etc/hostname"}), InputError);
}

}  // namespace
}  // namespace midillama::net
