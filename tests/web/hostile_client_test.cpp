// No client holds a thread, memory or an answer, whatever it sends, leaves out or does not read.
#include "midillama/core/random.h"
#include "midillama/web/http_server.h"
#include "web/raw_client.h"
#include "web/running_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <utility>
#include <vector>

namespace midillama::web {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLargestBody = 1000;
const std::string kGet = "GET /here HTTP/1.1\r\nHost: localhost\r\n\r\n";
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";

HttpOptions impatient() {
  return {.largest_body = kLargestBody, .patience = milliseconds(300), .patience_when_full = milliseconds(100)};
}

void add_routes(HttpServer& http) {
  http.get("/here", [](const Request&) { return Reply{.body = "{}"}; });
  http.post("/echo", [](const Request& request) { return Reply{.body = "<" + request.body + ">"}; });
}

// What the server says to a client that sends this and no more.
std::string answer_to(const RunningServer& server, std::string_view request) {
  RawClient client(server.port());
  client.send(request);
  client.end_sending();
  return client.receive_all();
}

bool comes_true(const std::function<bool()>& condition, milliseconds within) {
  for (const auto end = Clock::now() + within; Clock::now() < end; std::this_thread::sleep_for(milliseconds(5)))
    if (condition()) return true;
  return condition();
}

TEST(HostileClient, ARequestThatDribblesIsDropped) {
  RunningServer server(impatient(), add_routes);
  for (const std::string& begin : {std::string(), std::string("GET /he"), std::string("GET /here HTTP/1.1\r\nHost: localhost\r\nX: "),
                                   kPost + "Content-Length: 1000\r\n\r\n", kPost + "Transfer-Encoding: chunked\r\n\r\n3E8\r\n"}) {
    RawClient client(server.port());
    client.send(begin);
    const auto start = Clock::now();
    while (!client.has_ended() && Clock::now() < start + seconds(8)) {
      if (!begin.empty()) client.send("a");
      client.receive(1000, milliseconds(20));
    }
    EXPECT_LT(Clock::now() - start, seconds(4)) << begin;
    EXPECT_GT(Clock::now() - start, milliseconds(250)) << begin;
  }
}

TEST(HostileClient, AnEndlessHeaderIsRefused) {
  RunningServer server({}, add_routes);
  const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
  for (const std::string& endless : {std::string(1000, 'x'), line, std::string("\n")}) {
    RawClient client(server.port());
    client.send("GET /here HTTP/1.1\r\nHost: localhost\r\n");
    std::size_t sent = 0;
    std::string answer;
    for (; sent < 50'000'000 && !client.has_ended() && client.send(endless); sent += endless.size())
      answer += client.receive(1000, milliseconds(0));
    EXPECT_LT(sent, 5'000'000u) << endless;
    EXPECT_THAT(answer, AnyOf(IsEmpty(), StartsWith("HTTP/1.1 400 "))) << endless;
  }
  EXPECT_THAT(answer_to(server, kGet), StartsWith("HTTP/1.1 200 "));
}

TEST(HostileClient, LengthsThatAreNoneAreRefused) {
  RunningServer server(impatient(), add_routes);
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"Content-Length: 2\r\n\r\nab", "200 "},
      {"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "200 "},
      {"\r\n", "411 "},
      {"Content-Length: -1\r\n\r\nab", "400 "},
      {"Content-Length: +2\r\n\r\nab", "400 "},
      {"Content-Length: 2, 2\r\n\r\nab", "400 "},
      {"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", "400 "},
      {"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "400 "},
      {"Transfer-Encoding: gzip, chunked\r\n\r\n", "501 "},
      {"Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "200 "},
      {"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", "415 "},
      {"Content-Length: 3\r\n\r\nab", "400 "},
      {"Content-Length: 1001\r\n\r\n", "413 "},
      {"Content-Length: 99999999999999999999999\r\n\r\n", "413 "},
      {"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n" + std::string(5000, 'x'), "413 "},
      {"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n" + std::string(5000, 'x'), "400 "},
      {"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFE\r\n" + std::string(5000, 'x'), "413 "},
      {"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + std::string(5000, 'x'), "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n", "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n +2\r\nab\r\n0\r\n\r\n", "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n\r\nab\r\n0\r\n\r\n", "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n2\nab\r\n0\r\n\r\n", "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", "400 "},
      {"Transfer-Encoding: chunked\r\n\r\n2;name=\"value\"\r\nab\r\n0\r\n\r\n", "200 "},
      {"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 3\r\nY: z\r\n\r\n", "200 "},
      {"Expect: the worst\r\nContent-Length: 2\r\n\r\nab", "417 "},
      {"X-Name: a\r\n folded\r\nContent-Length: 2\r\n\r\nab", "400 "},
      {"X Name: a\r\nContent-Length: 2\r\n\r\nab", "400 "},
      {"X-Name : a\r\nContent-Length: 2\r\n\r\nab", "400 "},
      {"no name\r\nContent-Length: 2\r\n\r\nab", "400 "},
      {"X-Name: a\nContent-Length: 2\r\n\r\nab", "400 "},
      {"X-Name: a" + std::string(1, '\0') + "b\r\nContent-Length: 2\r\n\r\nab", "400 "},
      {"X-Name: a\tb %00\r\nContent-Length: 2\r\n\r\nab", "200 "},
      {"Transfer-Encoding: chunked\r\n\r\n" + std::string(70'000, '0'), "400 "},
  };
  for (const auto& [rest, status] : answers) {
    const std::string answer = answer_to(server, kPost + rest);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + status)) << rest.substr(0, 100);
    EXPECT_EQ(answer.find(R"({"error":{"message":)") == std::string::npos, status == "200 ") << rest.substr(0, 100);
  }
}

TEST(HostileClient, FirstLinesAreReadAsTheStandardHasThem) {
  RunningServer server({.port = 0}, add_routes);
  const std::string name = fmt::format("localhost:{}", server.port()), host = "\r\nHost: " + name + "\r\n\r\n";
  const std::pair<std::string, const char*> answers[] = {{"GET /here HTTP/1.1" + host, "200 "},
                                                         {"GET http://" + name + "/here HTTP/1.1" + host, "200 "},
                                                         {"GET HTTP://" + name + "/here?a=b HTTP/1.1" + host, "200 "},
                                                         {"GET http://elsewhere/here HTTP/1.1" + host, "404 "},
                                                         {"GET http://" + name + " HTTP/1.1" + host, "404 "},
                                                         {"\r\nGET /here HTTP/1.1" + host, "200 "},
                                                         {"\r\n\r\nGET /here HTTP/1.1" + host, "200 "},
                                                         {"get /here HTTP/1.1" + host, "400 "},
                                                         {"FOO /here HTTP/1.1" + host, "400 "},
                                                         {"GET /here HTTP/2" + host, "400 "},
                                                         {"GET  HTTP/1.1" + host, "400 "},
                                                         {"GET /" + std::string(9000, 'x') + " HTTP/1.1" + host, "414 "}};
  for (const auto& [request, status] : answers) {
    const std::string answer = answer_to(server, request);
    EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + status)) << request.substr(0, 100);
    EXPECT_THAT(answer, Not(HasSubstr("was refused\""))) << "says why: " << request.substr(0, 100);
  }
}

TEST(HostileClient, ALengthThatIsTooLargeIsRefusedBeforeTheBodyComes) {
  RunningServer server({.largest_body = kLargestBody}, add_routes);
  RawClient client(server.port());
  client.send(kPost + "Content-Length: 9999999\r\n\r\n");
  EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 413 "));
}

TEST(HostileClient, AllBodiesTogetherAreBounded) {
  RunningServer server({.largest_body = kLargestBody, .all_bodies = 1500}, add_routes);
  const std::string request = kPost + "Content-Length: 1000\r\n\r\n" + std::string(999, 'x');
  RawClient first(server.port());
  first.send(request);
  std::this_thread::sleep_for(milliseconds(300));
  const std::string refusal = answer_to(server, request + "x");
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refusal, HasSubstr("\r\nRetry-After: 1\r\n"));
  first.send("x");
  EXPECT_THAT(first.receive_all(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer_to(server, request + "x"), StartsWith("HTTP/1.1 200 "));
}

TEST(HostileClient, ABodyIsAskedForOnlyWhereItIsTaken) {
  RunningServer server({.api_key = "secret", .largest_body = kLargestBody}, add_routes);
  const std::string expecting = kPost + "Expect: 100-continue\r\n";
  const std::string with_key = expecting + "Authorization: Bearer secret\r\n";
  EXPECT_THAT(answer_to(server, with_key + "Content-Length: 2\r\n\r\nab"), StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
  EXPECT_THAT(answer_to(server, with_key + "Content-Length: 1001\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer_to(server, expecting + "Content-Length: 2\r\n\r\n"), StartsWith("HTTP/1.1 401 "));
}

TEST(HostileClient, OtherProtocolsAreEndedAtOnce) {
  RunningServer server({}, add_routes);
  RawClient http2(server.port());
  http2.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  EXPECT_THAT(http2.receive_all(), StartsWith("HTTP/1.1 400 "));
  RawClient tls(server.port());
  const auto start = Clock::now();
  tls.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_EQ(tls.receive_all(), "");
  EXPECT_LT(Clock::now() - start, seconds(4));
}

TEST(HostileClient, AConnectionCarriesOneRequest) {
  RunningServer server(impatient(), add_routes);
  RawClient client(server.port());
  client.send(kGet + kGet + kGet);
  const std::string answer = client.receive_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << answer;
}

TEST(HostileClient, ManyClientsThatSayNothingKeepNobodyOut) {
  RunningServer server({.connections = 8, .patience_when_full = milliseconds(100)}, add_routes);
  std::list<RawClient> idle;
  for (int i = 0; i < 20; ++i) idle.emplace_back(server.port());
  const auto start = Clock::now();
  EXPECT_EQ(server.client().Get("/here")->status, 200);
  EXPECT_LT(Clock::now() - start, seconds(5));
}

TEST(HostileClient, WhoeverFindsNoPlaceToWaitIsToldToComeBack) {
  std::atomic<bool> runs = false;
  std::atomic<bool> is_over = false;
  RunningServer server({.connections = 1, .waiting = 1}, [&](HttpServer& http) {
    add_routes(http);
    http.get("/long", [&](const Request&) {
      return Reply{.stream = [&](Sink& sink) {
        runs = true;
        while (sink.is_open() && !is_over) std::this_thread::sleep_for(milliseconds(5));
      }};
    });
  });
  RawClient served(server.port());
  served.send("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(comes_true([&] { return runs.load(); }, seconds(5)));
  RawClient waits(server.port());
  waits.send(kGet);
  std::this_thread::sleep_for(milliseconds(300));
  const std::string refusal = answer_to(server, kGet);
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refusal, HasSubstr("\r\nRetry-After: 1\r\n"));
  EXPECT_THAT(refusal, HasSubstr(R"("type":"server_error")"));
  is_over = true;
  served.close();
  EXPECT_THAT(waits.receive_all(), StartsWith("HTTP/1.1 200 "));
}

// A stream that writes nothing before its end, and a handler that takes as long.
struct LongAnswer {
  explicit LongAnswer(milliseconds takes)
      : server({}, [this, takes](HttpServer& http) {
          http.get("/long", [this, takes](const Request&) {
            return Reply{.stream = [this, takes](Sink& sink) {
              has_begun = true;
              const auto end = Clock::now() + takes;
              while (sink.is_open() && Clock::now() < end) std::this_thread::sleep_for(milliseconds(5));
              sink.write("whole");
              has_ended = true;
            }};
          });
          http.get("/work", [this, takes](const Request& request) {
            has_begun = true;
            const auto end = Clock::now() + takes;
            while (request.is_open() && Clock::now() < end) std::this_thread::sleep_for(milliseconds(5));
            has_ended = true;
            return Reply{.body = "whole"};
          });
        }) {}
  bool ends() {
    return comes_true([this] { return has_ended.load(); }, seconds(5));
  }

  std::atomic<bool> has_begun = false;
  std::atomic<bool> has_ended = false;
  RunningServer server;
};

const std::string kLong = "GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(HostileClient, OneThatSendsNoMoreGetsItsWholeAnswer) {
  LongAnswer answer(milliseconds(800));
  RawClient client(answer.server.port());
  client.send(kLong);
  client.end_sending();
  const std::string all = client.receive_all();
  EXPECT_THAT(all, HasSubstr("5\r\nwhole\r\n"));
  EXPECT_THAT(all, EndsWith("0\r\n\r\n"));
}

TEST(HostileClient, AHandlerSeesThatItsClientIsGone) {
  LongAnswer answer(seconds(60));
  RawClient client(answer.server.port());
  client.send("GET /work HTTP/1.1\r\nHost: localhost\r\n\r\n");
  ASSERT_TRUE(comes_true([&] { return answer.has_begun.load(); }, seconds(5)));
  client.close();
  EXPECT_TRUE(answer.ends());
}

TEST(HostileClient, OneThatSendsNoMoreGetsTheAnswerOfAHandler) {
  for (const char* version : {"1.0", "1.1"}) {
    LongAnswer answer(milliseconds(800));
    RawClient client(answer.server.port());
    client.send(fmt::format("GET /work HTTP/{}\r\nHost: localhost\r\n\r\n", version));
    client.end_sending();
    std::string all = client.receive_all();
    const bool was_asked = all.starts_with("HTTP/1.1 102 Processing\r\n\r\n");
    EXPECT_EQ(was_asked, std::string(version) == "1.1") << all;
    for (std::size_t at; (at = all.find("HTTP/1.1 102 Processing\r\n\r\n")) != std::string::npos;) all.erase(at, 27);
    EXPECT_THAT(all, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(all, EndsWith("\r\n\r\nwhole"));
  }
}

TEST(HostileClient, OneThatKnowsNoChunksGetsAStreamWithoutThem) {
  LongAnswer answer(milliseconds(800));
  RawClient client(answer.server.port());
  client.send("GET /long HTTP/1.0\r\nHost: localhost\r\n\r\n");
  client.end_sending();
  const std::string all = client.receive_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(all, Not(HasSubstr("chunked")));
  EXPECT_THAT(all, EndsWith("\r\n\r\nwhole"));
}

TEST(HostileClient, AHalfClosedConnectionIsReadByAnotherClientToo) {
  LongAnswer answer(milliseconds(800));
  int sent = 0;
  httplib::Client client("127.0.0.1", answer.server.port());
  client.set_socket_options([&](int socket) { sent = socket; });
  std::thread ends_sending([&] {
    comes_true([&] { return answer.has_begun.load(); }, seconds(5));
    ::shutdown(sent, SHUT_WR);
  });
  const auto result = client.Get("/long");
  ends_sending.join();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body, "whole");
}

TEST(HostileClient, TheAnswerOfOneThatIsGoneEnds) {
  LongAnswer answer(seconds(60));
  RawClient client(answer.server.port());
  client.send(kLong);
  ASSERT_TRUE(comes_true([&] { return answer.has_begun.load(); }, seconds(5)));
  client.receive(1000, seconds(5));  // with nothing unread, its end looks like one of sending only
  client.close();
  EXPECT_TRUE(answer.ends());
}

TEST(HostileClient, TheAnswerOfOneThatLeavesInTwoStepsEnds) {
  LongAnswer answer(seconds(60));
  RawClient client(answer.server.port());
  client.send(kLong);
  client.end_sending();
  ASSERT_TRUE(comes_true([&] { return answer.has_begun.load(); }, seconds(5)));
  std::this_thread::sleep_for(milliseconds(100));
  client.receive(1000, seconds(5));
  client.close();
  EXPECT_TRUE(answer.ends());
}

TEST(HostileClient, OneThatReadsAByteNowAndThenIsDropped) {
  std::atomic<bool> has_ended = false;
  HttpOptions options = impatient();
  options.connections = 1;
  RunningServer server(options, [&](HttpServer& http) {
    add_routes(http);
    http.get("/endless", [&](const Request&) {
      return Reply{.stream = [&](Sink& sink) {
        while (sink.write(std::string(1000, 'x'))) continue;
        has_ended = true;
      }};
    });
    http.get("/large", [&](const Request&) { return Reply{.body = std::string(20'000'000, 'x')}; });
  });
  for (const char* path : {"/endless", "/large"}) {
    RawClient client(server.port(), 4096);
    client.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto start = Clock::now();
    std::atomic<bool> is_over = false;
    std::thread reads([&] {
      while (!is_over) client.receive(1, milliseconds(20)), std::this_thread::sleep_for(milliseconds(20));
    });
    auto next = server.client();
    next.set_read_timeout(20);
    const auto answer = next.Get("/here");  // there is one place
    is_over = true;
    reads.join();
    ASSERT_TRUE(answer) << path;
    EXPECT_LT(Clock::now() - start, seconds(8)) << path;
  }
  EXPECT_TRUE(has_ended);
}

TEST(HostileClient, AnAnswerThatBreaksOffShowsIt) {
  RunningServer server({}, [](HttpServer& http) {
    http.get("/breaks", [](const Request&) {
      return Reply{.stream = [](Sink& sink) {
        sink.write("part");
        throw std::runtime_error("/a/path");
      }};
    });
  });
  const std::string answer = answer_to(server, "GET /breaks HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer, EndsWith("4\r\npart\r\n"));
  EXPECT_FALSE(server.client().Get("/breaks"));
}

std::string mutated(std::string text, Random& random) {
  static const std::vector<std::string> pieces = {"\r\n",
                                                  "\n",
                                                  std::string(1, '\0'),
                                                  " ",
                                                  ":",
                                                  "HTTP/1.0",
                                                  "%00",
                                                  "Content-Length: 18446744073709551615\r\n",
                                                  "\r\n\r\n",
                                                  "#?&=",
                                                  "\xff\xfe",
                                                  "Transfer-Encoding: chunked\r\n",
                                                  "Expect: 100-continue\r\n",
                                                  "Range: bytes=0-,-1\r\n",
                                                  "Connection: keep-alive\r\n",
                                                  "Host: x\r\n"};
  for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(4)) {
      case 0:
        text.insert(at, pieces[random.below(pieces.size())]);
        break;
      case 1:
        text.erase(at, random.below(8));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      default:
        text.insert(at, text.substr(random.below(text.size() + 1), random.below(40)));
    }
  }
  return text;
}

TEST(HostileClient, WhateverBytesComeTheServerGoesOn) {
  RunningServer server(impatient(), add_routes);
  const std::vector<std::string> seeds = {
      kGet, kPost + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      kPost + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
      "OPTIONS /echo?a=b HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nExpect: 100-continue\r\n\r\n"};
  Random random(20260102);
  for (int i = 0; i < 2000; ++i) {
    std::string request = mutated(seeds[random.below(seeds.size())], random);
    if (random.below(10) == 0) std::ranges::generate(request, [&] { return static_cast<char>(random.below(256)); });
    EXPECT_THAT(answer_to(server, request), AnyOf(IsEmpty(), StartsWith("HTTP/1.1 "))) << request;
  }
  EXPECT_THAT(answer_to(server, kGet), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace midillama::web
