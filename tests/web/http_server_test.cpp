#include "midillama/web/http_server.h"

#include "midillama/core/file.h"
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

constexpr const char* kJson = "application/json";

Json error_in(const httplib::Result& result) {
  return Json::parse(result->body).at("error");
}

TEST(HttpServer, AHandlersReplyIsTheAnswer) {
  RunningServer server({}, [](HttpServer& http) {
    http.get("/here", [](const Request&) { return Reply{.body = "{}"}; });
    http.get("/with", [](const Request&) { return Reply{.headers = {{"X-Content-Type-Options", "nosniff"}}}; });
    http.post("/echo", [](const Request& request) { return Reply{.body = request.body, .type = "text/plain"}; });
  });
  auto client = server.client();
  const auto here = client.Get("/here");
  EXPECT_EQ(here->status, 200);
  EXPECT_EQ(here->body, "{}");
  EXPECT_EQ(here->get_header_value("Content-Type"), kJson);
  EXPECT_EQ(client.Get("/with")->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(client.Post("/echo", "a body", kJson)->body, "a body");
}

TEST(HttpServer, HandlersAreToldTheKeyOfTheRequest) {
  RunningServer server(
      {}, [](HttpServer& http) { http.post("/key", [](const Request& request) { return Reply{.body = "[" + request.key + "]"}; }); });
  auto client = server.client();
  EXPECT_EQ(client.Post("/key", "{}", kJson)->body, "[]");
  EXPECT_EQ(client.Post("/key", {{"Authorization", "Bearer a key"}}, "{}", kJson)->body, "[a key]");
  EXPECT_EQ(client.Post("/key", {{"Authorization", "bearer abc"}}, "{}", kJson)->body, "[abc]");
  EXPECT_EQ(client.Post("/key", {{"Authorization", "Basic abc"}}, "{}", kJson)->body, "[]");
}

TEST(HttpServer, EachMethodIsAnswered) {
  RunningServer server({}, [](HttpServer& http) {
    http.get("/get", [](const Request&) { return Reply{.body = "{}"}; });
    http.post("/post", [](const Request& request) { return Reply{.body = request.body}; });
    http.get("/a+(name", [](const Request&) { return Reply{.body = "a name, no pattern"}; });
  });
  auto client = server.client();
  const auto head = client.Head("/get");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->get_header_value("Content-Length"), "2");
  EXPECT_EQ(head->get_header_value("Accept-Ranges"), "none");
  const auto options = client.Options("/post");
  EXPECT_EQ(options->status, 200);
  EXPECT_EQ(options->get_header_value("Allow"), "OPTIONS, POST");
  for (const auto& [result, allowed] :
       {std::pair{client.Put("/get", "{}", kJson), "OPTIONS, GET, HEAD"}, std::pair{client.Delete("/get"), "OPTIONS, GET, HEAD"},
        std::pair{client.Get("/post"), "OPTIONS, POST"}}) {
    EXPECT_EQ(result->status, 405);
    EXPECT_EQ(result->get_header_value("Allow"), allowed);
    EXPECT_EQ(error_in(result).at("type"), "invalid_request_error");
  }
  EXPECT_EQ(client.Options("/nowhere")->status, 404);
  EXPECT_EQ(client.Get("/a+(name")->body, "a name, no pattern");
}

TEST(HttpServer, NothingIsCompressed) {
  const std::string large(10'000'000, 'x');
  RunningServer server({}, [&](HttpServer& http) {
    http.get("/large", [&](const Request&) { return Reply{.body = large}; });
    http.get("/empty", [](const Request&) { return Reply{}; });
    http.get("/text", [](const Request&) { return Reply{.body = "a text", .type = "text/plain"}; });
    http.get("/refused", [](const Request&) -> Reply { throw HttpError(400, "refused"); });
    for (const char* type : {"application/json", "text/event-stream", "text/plain"})
      http.get(std::string("/") + type,
               [=](const Request&) { return Reply{.type = type, .stream = [](Sink& sink) { sink.write("a stream"); }}; });
  });
  auto client = server.client();
  client.set_decompress(false);
  const auto get = [&](const char* path) {
    const auto answer = client.Get(path, {{"Accept-Encoding", "gzip, deflate, br"}});
    EXPECT_FALSE(answer->has_header("Content-Encoding")) << path;
    return answer->body;
  };
  EXPECT_EQ(get("/large"), large);
  EXPECT_EQ(get("/empty"), "");
  EXPECT_EQ(get("/text"), "a text");
  for (const char* path : {"/application/json", "/text/event-stream", "/text/plain"}) EXPECT_EQ(get(path), "a stream");
  for (const char* path : {"/refused", "/nowhere"}) EXPECT_TRUE(Json::parse(get(path)).contains("error"));
}

TEST(HttpServer, AnswersAreWholeWhateverPartIsAskedFor) {
  const std::string large(1'000'000, 'x');
  RunningServer server({}, [&](HttpServer& http) {
    http.get("/small", [](const Request&) { return Reply{.body = R"({"status":"ok"})"}; });
    http.get("/large", [&](const Request&) { return Reply{.body = large}; });
    http.post("/small", [](const Request& request) { return Reply{.body = request.body}; });
  });
  auto client = server.client();
  for (const char* range :
       {"bytes=0-65535", "bytes=1000000000000-1000000000001", "bytes=5-", "bytes=-3", "bytes=0-1,3-4", "bytes=-99999"}) {
    const httplib::Headers headers = {{"Range", range}};
    const auto small = client.Get("/small", headers);
    ASSERT_TRUE(small) << range;
    EXPECT_EQ(small->body, R"({"status":"ok"})") << range;
    const auto whole = client.Get("/large", headers);
    ASSERT_TRUE(whole) << range;
    EXPECT_EQ(whole->body.size(), large.size()) << range;
    EXPECT_EQ(client.Post("/small", headers, "abc", kJson)->body, "abc") << range;
  }
}

TEST(HttpServer, WhatNoRouteTakesIsRefusedBeforeItIsRead) {
  RunningServer server({.largest_body = 1000},
                       [](HttpServer& http) { http.post("/post", [](const Request& request) { return Reply{.body = request.body}; }); });
  const auto endless = [](std::size_t, httplib::DataSink& sink) {
    const std::string part(1 << 16, 'x');
    return sink.write(part.data(), part.size());
  };
  for (const char* path : {"/nowhere", "/post"}) {
    auto client = server.client();
    const auto put = client.Put(path, endless, kJson);
    EXPECT_TRUE(!put || put->status >= 404) << path;
  }
  auto client = server.client();
  client.Post("/nowhere", endless, kJson);
  const httplib::MultipartFormDataItems form = {{"file", "bytes", "tune.mid", "audio/midi"}};
  EXPECT_EQ(client.Post("/post", form)->status, 415);
  EXPECT_EQ(client.Post("/post", "whole", kJson)->body, "whole") << "the server goes on";
}

TEST(HttpServer, RefusalsHaveOneShape) {
  RunningServer server({.largest_body = 100}, [](HttpServer& http) {
    http.post("/post", [](const Request& request) -> Reply {
      if (request.body == "http") throw HttpError(429, "come back", "key").with_header("Retry-After", "3");
      if (request.body == "input") throw InputError("a file", "", "is broken");
      if (request.body == "unknown") throw 5;
      throw std::runtime_error("/a/path");
    });
  });
  auto client = server.client();
  const auto limited = client.Post("/post", "http", kJson);
  EXPECT_EQ(limited->status, 429);
  EXPECT_EQ(limited->get_header_value("Retry-After"), "3");
  EXPECT_EQ(error_in(limited), (Json{{"message", "come back"}, {"type", "rate_limit_error"}, {"param", "key"}, {"code", nullptr}}));
  const auto broken = client.Post("/post", "input", kJson);
  EXPECT_EQ(broken->status, 400);
  EXPECT_EQ(error_in(broken).at("type"), "invalid_request_error");
  for (const char* body : {"other", "unknown"}) {
    testing::internal::CaptureStderr();
    const auto failed = client.Post("/post", body, kJson);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), AllOf(HasSubstr("POST /post"), Not(HasSubstr("/a/path"))));
    EXPECT_EQ(failed->status, 500);
    EXPECT_EQ(
        error_in(failed),
        (Json{{"message", "the server failed to answer this request"}, {"type", "server_error"}, {"param", nullptr}, {"code", nullptr}}));
  }
  EXPECT_EQ(error_in(client.Get("/nothing")).at("message"), "there is nothing at this path");
  EXPECT_EQ(client.Get("/nothing")->status, 404);
  EXPECT_EQ(client.Get("/post")->status, 405);
  const auto large = client.Post("/post", std::string(101, 'x'), kJson);
  ASSERT_TRUE(large);
  EXPECT_EQ(large->status, 413);
  EXPECT_EQ(error_in(large).at("type"), "invalid_request_error");
}

TEST(HttpServer, ABodyInChunksHasTheSameLimit) {
  RunningServer server({.largest_body = 1000}, [](HttpServer& http) {
    http.post("/size", [](const Request& request) { return Reply{.body = std::to_string(request.body.size())}; });
  });
  const auto post = [&](std::size_t size) {
    auto client = server.client();
    return client.Post(
        "/size",
        [size, sent = std::size_t{0}](std::size_t, httplib::DataSink& sink) mutable {
          const std::string part(std::min<std::size_t>(100, size - sent), 'x');
          sink.write(part.data(), part.size());
          sent += part.size();
          if (sent == size) sink.done();
          return true;
        },
        kJson);
  };
  EXPECT_EQ(post(1000)->body, "1000");
  const auto large = post(5000);
  EXPECT_TRUE(!large || large->status == 413);
}

TEST(HttpServer, AKeyIsAskedForWhereThereIsOne) {
  RunningServer server({.api_key = "secret"}, [](HttpServer& http) {
    http.get(
        "/open", [](const Request&) { return Reply{.body = "{}"}; }, true);
    http.get("/closed", [](const Request&) { return Reply{.body = "{}"}; });
    http.post("/closed", [](const Request&) { return Reply{.body = "{}"}; });
  });
  auto client = server.client();
  EXPECT_EQ(client.Get("/open")->status, 200);
  for (const char* given : {"", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret", "secret"}) {
    const httplib::Headers headers = {{"Authorization", given}};
    EXPECT_EQ(client.Get("/closed", headers)->status, 401) << given;
    EXPECT_EQ(error_in(client.Post("/closed", headers, "{}", kJson)).at("type"), "authentication_error") << given;
  }
  EXPECT_EQ(client.Get("/closed", {{"Authorization", "Bearer secret"}})->status, 200);
}

TEST(HttpServer, AStreamComesPartByPartAndSeesItsReaderLeave) {
  std::atomic<int> parts = 0;
  std::atomic<bool> has_left = false;
  RunningServer server({}, [&](HttpServer& http) {
    http.get("/numbers", [&](const Request&) {
      return Reply{.type = "text/event-stream", .stream = [&](Sink& sink) {
                     for (int i = 0; i < 3; ++i) sink.write("data: " + std::to_string(i) + "\n\n");
                   }};
    });
    http.get("/endless", [&](const Request&) {
      return Reply{.stream = [&](Sink& sink) {
        while (sink.write("x")) ++parts, std::this_thread::sleep_for(std::chrono::milliseconds(5));
        has_left = true;
      }};
    });
  });
  auto client = server.client();
  EXPECT_EQ(client.Get("/numbers")->body, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
  client.Get("/endless", [&](const char*, std::size_t) { return parts < 3; });
  client.stop();
  for (int i = 0; i < 500 && !has_left; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(has_left);
}

TEST(HttpServer, APortIsHadOnce) {
  RunningServer server({}, [](HttpServer&) {});
  HttpServer second({.port = server.port()});
  EXPECT_THAT(error_of([&] { second.bind(); }), HasSubstr("cannot be had"));
}

TEST(HttpServer, ItEndsWhileAStreamRuns) {
  std::atomic<bool> runs = false;
  std::thread reader;
  {
    RunningServer server({}, [&](HttpServer& http) {
      http.get("/endless", [&](const Request&) {
        return Reply{.stream = [&](Sink& sink) {
          while (sink.write("x")) runs = true, std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }};
      });
    });
    reader = std::thread([client = std::make_shared<httplib::Client>("127.0.0.1", server.port())] { client->Get("/endless"); });
    while (!runs) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  reader.join();
}

TEST(HttpServer, WhoeverReadsAStreamThatTheServersEndCutsIsToldWhy) {
  std::atomic<bool> runs = false;
  std::string all;
  std::thread reader;
  testing::internal::CaptureStderr();
  {
    RunningServer server({}, [&](HttpServer& http) {
      http.get("/endless", [&](const Request&) {
        return Reply{.stream = [&](Sink& sink) {
          while (sink.write("x")) runs = true, std::this_thread::sleep_for(std::chrono::milliseconds(5));
          sink.write_last("the server ends");
        }};
      });
    });
    reader = std::thread([&, client = std::make_shared<httplib::Client>("127.0.0.1", server.port())] {
      client->Get("/endless", [&](const char* data, std::size_t size) { return all.append(data, size), true; });
    });
    while (!runs) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  reader.join();
  EXPECT_THAT(all, testing::EndsWith("xthe server ends"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("GET /endless: 0 bytes, status 503"));
}

}  // namespace
}  // namespace midillama::web
