#include "midillama/chat/client.h"

#include "support/error_of.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <thread>

namespace midillama::chat {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;
using testing_support::ScriptedServer;

Call question(const std::string& text) {
  return {.messages = {{"system", "Answer in a word."}, {"user", text}}, .max_tokens = 20};
}

std::string answer(const std::string& text, const std::string& finish = "stop") {
  const Json message = {{"role", "assistant"}, {"content", text}};
  const Json choice = {{"index", 0}, {"message", message}, {"finish_reason", finish}};
  return Json({{"choices", {choice}}, {"usage", {{"prompt_tokens", 7}, {"completion_tokens", 2}}}}).dump();
}

void give(httplib::Response& response, const std::string& body, int status = 200) {
  response.status = status;
  response.set_header("Retry-After", "0");
  response.set_content(body, "application/json");
}

class ChatClient : public testing::Test {
 protected:
  ChatClient() { ::setenv("MIDILLAMA_TEST_KEY", "sk-secret", 1); }

  config::Chat settings(const std::string& endpoint) const {
    config::Chat chat;
    chat.endpoint = endpoint + "/v1";
    chat.model = "echo";
    chat.api_key_env = "MIDILLAMA_TEST_KEY";
    chat.timeout = 20;
    return chat;
  }
  std::filesystem::path file() const { return folder.path() / "requests.jsonl"; }
  Answer ask(const ScriptedServer& server, const Call& call) {
    RequestLog log(file());
    return Client(settings(server.url()), log).ask(call);
  }
  std::vector<Json> lines() const {
    std::vector<Json> rows;
    for_each_json_line(file(), [&](const Json& row, std::size_t) { rows.push_back(row); });
    return rows;
  }

  TemporaryDirectory folder;
};

TEST_F(ChatClient, SendsTheCallAndKeepsWhatCameBack) {
  std::string target, key;
  ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    target = request.method + " " + request.target;
    key = request.get_header_value("Authorization");
    give(response, answer("Waltz"));
  });
  Call call = question("Which dance?");
  call.seed = 3;
  call.schema = Schema{"dance", {{"type", "string"}}};
  call.schema.reset();
  EXPECT_EQ(ask(server, call).text, "Waltz");
  EXPECT_EQ(target, "POST /v1/chat/completions");
  EXPECT_EQ(key, "Bearer sk-secret");
  const Json expected = {
      {"model", "echo"},
      {"messages", {{{"role", "system"}, {"content", "Answer in a word."}}, {{"role", "user"}, {"content", "Which dance?"}}}},
      {"temperature", 0.0},
      {"max_tokens", 20},
      {"seed", 3}};
  EXPECT_EQ(Json::parse(server.bodies().at(0)), expected);
  ASSERT_EQ(lines().size(), 1u);
  const Json row = lines()[0];
  EXPECT_EQ(row["key"], key_of(OrderedJson(expected)));
  EXPECT_EQ(row["model"], "echo");
  EXPECT_EQ(row["request"], expected);
  EXPECT_EQ(row["response"], Json::parse(answer("Waltz")));
  EXPECT_EQ(row["status"], 200);
  EXPECT_GE(row["seconds"], 0.0);
  EXPECT_EQ(row["usage"], Json({{"prompt_tokens", 7}, {"completion_tokens", 2}}));
  EXPECT_THAT(read_text(file()), Not(HasSubstr("sk-secret")));
}

TEST_F(ChatClient, ASchemaIsAskedForInOpenAisWords) {
  Call call = question("Which dance?");
  call.schema = Schema{"dance", {{"type", "object"}}};
  const OrderedJson body = request_body(call, "m");
  EXPECT_EQ(Json(body.at("response_format")),
            Json({{"type", "json_schema"}, {"json_schema", {{"name", "dance"}, {"strict", true}, {"schema", {{"type", "object"}}}}}}));
}

TEST_F(ChatClient, TopPIsSentWhereItIsChosen) {
  Call call = question("Which dance?");
  EXPECT_FALSE(request_body(call, "m").contains("top_p"));
  call.top_p = 0.9;
  EXPECT_EQ(request_body(call, "m").at("top_p"), 0.9);
}

TEST_F(ChatClient, WhatWasAnsweredIsNeverAskedAgain) {
  ScriptedServer server([](std::size_t number, const httplib::Request&, httplib::Response& response) {
    give(response, answer(number == 0 ? "Waltz" : "Reel"));
  });
  EXPECT_EQ(ask(server, question("a")).text, "Waltz");
  EXPECT_EQ(ask(server, question("a")).text, "Waltz");
  EXPECT_EQ(ask(server, question("b")).text, "Reel");
  EXPECT_EQ(server.bodies().size(), 2u);
}

TEST_F(ChatClient, FailuresAreOnRecordAndNoAnswers) {
  ScriptedServer server([](std::size_t number, const httplib::Request&, httplib::Response& response) {
    if (number == 0) return give(response, R"({"error": {"message": "busy"}})", 429);
    if (number == 1) return give(response, "<html>\xff", 502);
    give(response, answer("Waltz"));
  });
  EXPECT_EQ(ask(server, question("a")).text, "Waltz");
  ASSERT_EQ(lines().size(), 3u);
  EXPECT_EQ(lines()[0]["status"], 429);
  EXPECT_EQ(lines()[1]["status"], 502);
  EXPECT_EQ(lines()[1]["response"], "<html>\xEF\xBF\xBD");
  EXPECT_EQ(lines()[2]["status"], 200);
}

TEST_F(ChatClient, AnAnswerThatCannotBeUsedIsAskedForAgain) {
  for (const std::string& bad :
       {answer("Wal", "length"), answer("", "stop"), answer("no", "content_filter"), std::string(R"({"choices": []})"),
        std::string("half a respon"),
        std::string(R"({"choices": [{"finish_reason": "stop", "message": {"content": null, "refusal": "I cannot"}}]})"),
        answer("{\"dance\": ", "stop")}) {
    std::filesystem::remove(file());
    ScriptedServer server([&](std::size_t number, const httplib::Request&, httplib::Response& response) {
      give(response, number < 2 ? bad : answer(R"({"dance": "waltz"})"));
    });
    Call call = question("a");
    call.schema = Schema{"dance", {{"type", "object"}}};
    EXPECT_EQ(ask(server, call).text, R"({"dance": "waltz"})") << bad;
    EXPECT_EQ(server.bodies().size(), 3u) << bad;
  }
}

TEST_F(ChatClient, JsonIsTakenOutOfWhatIsWrittenAroundIt) {
  const std::string json = R"({"dance": "waltz"})";
  const std::string contents[] = {json, "\n```json\n" + json + "\n```\n", "```\n" + json + "\n```",
                                  "<think>Is it {a reel}?</think>\n" + json, "<think>a waltz</think>\n```json\n" + json + "\n```"};
  Call call = question("a");
  call.schema = Schema{"dance", {{"type", "object"}}};
  for (const std::string& content : contents) {
    std::filesystem::remove(file());
    ScriptedServer server([&](std::size_t, const httplib::Request&, httplib::Response& response) { give(response, answer(content)); });
    EXPECT_EQ(ask(server, call).text, json) << content;
    EXPECT_EQ(server.bodies().size(), 1u) << content;
    EXPECT_EQ(ask(server, call).text, json) << "from the log";
  }
  call.schema.reset();
  std::filesystem::remove(file());
  ScriptedServer server([&](std::size_t, const httplib::Request&, httplib::Response& response) { give(response, answer(contents[2])); });
  EXPECT_EQ(ask(server, call).text, contents[2]) << "a text stays as it is";
}

TEST_F(ChatClient, ThoughtsAreNoPartOfATextAndPartsAreJoined) {
  const auto read = [](const Json& content, const char* finish = "stop") {
    const Json choice = {{"message", {{"role", "assistant"}, {"content", content}}}, {"finish_reason", finish}};
    return read_answer(request_body(question("a"), "m"), OrderedJson{{"choices", OrderedJson::array({OrderedJson(choice)})}});
  };
  const Json parts = {{{"type", "text"}, {"text", "It is "}}, {{"type", "text"}, {"text", "a waltz."}}};
  EXPECT_EQ(read("<think>\nA reel, a jig?\n</think>\n\nA waltz.").text, "\n\nA waltz.");
  EXPECT_EQ(read("A reel, a jig?\n</think>A waltz.").text, "A waltz.") << "the server's prompt has the beginning";
  EXPECT_EQ(read("<think>A reel?</think>A wal", "length").text, "A wal");
  EXPECT_EQ(read(parts).text, "It is a waltz.");
  EXPECT_EQ(read("<think>A reel, a", "length").problem, "the answer was cut at 20 tokens, before any of it came after the thoughts");
  EXPECT_EQ(read(nullptr, "length").problem, "the answer was cut at 20 tokens, before any of it came after the thoughts");
  EXPECT_EQ(read("<think>A reel.</think> ").problem, "the answer is nothing but thoughts");
  EXPECT_EQ(read(Json::array()).problem, "the answer is empty");
}

TEST_F(ChatClient, OtherServersOwnWordsForAnEnd) {
  for (const char* end : {"eos_token", "stop_sequence", "end_turn"}) {
    std::filesystem::remove(file());
    ScriptedServer server([&](std::size_t, const httplib::Request&, httplib::Response& response) { give(response, answer("Waltz", end)); });
    EXPECT_EQ(ask(server, question("a")).text, "Waltz") << end;
  }
}

TEST_F(ChatClient, WhereAServerDoesNotSayHowAnAnswerEndedJsonMustBeWhole) {
  Call call = question("a");
  call.schema = Schema{"dance", {{"type", "object"}}};
  const auto read = [&](const std::string& content, const Json& choice) {
    Json all = choice;
    all["message"] = {{"role", "assistant"}, {"content", content}};
    return read_answer(request_body(call, "m"), OrderedJson{{"choices", OrderedJson::array({OrderedJson(all)})}});
  };
  EXPECT_EQ(read("{}", {{"finish_reason", nullptr}}).text, "{}");
  EXPECT_EQ(read("{}", Json::object()).text, "{}");
  EXPECT_EQ(read("{\"dance\": ", Json::object()).problem, "the answer is not JSON");
  call.schema.reset();
  EXPECT_EQ(read("A waltz.", {{"finish_reason", nullptr}}).text, "A waltz.");
}

TEST_F(ChatClient, AServerThatAnswersNoCallAtAllEndsTheWork) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const bool is_known = request.body.find("waltz") != std::string::npos;
    give(response, is_known ? answer("Waltz") : R"({"error": {"message": "response_format is not known"}})", is_known ? 200 : 400);
  });
  const auto ask_until_it_ends = [&](const std::string& first) {
    RequestLog log(file());
    Client client(settings(server.url()), log);
    client.ask(question(first));
    for (int i = 0; i < 20; ++i) {
      client.ask(question(std::to_string(i)));
      client.require_an_answer();
    }
  };
  EXPECT_THAT(error_of([&] { ask_until_it_ends("reel"); }), HasSubstr("not one of 10 calls was answered"));
  EXPECT_THAT(error_of([&] { ask_until_it_ends("reel"); }), HasSubstr("response_format is not known"));
  EXPECT_EQ(error_of([&] { ask_until_it_ends("waltz"); }), "no error") << "where some are, the others fail alone";
  EXPECT_EQ(error_of([&] { ask_until_it_ends("waltz"); }), "no error") << "also where that was in another run";
}

TEST_F(ChatClient, WhereTenHaveFailedTheOthersAreSentOnceUntilOneIsAnswered) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const bool is_known = request.body.find("waltz") != std::string::npos;
    give(response, is_known ? answer("Waltz") : "", is_known ? 200 : 500);
  });
  config::Chat chat = settings(server.url());
  chat.tries = 3;
  RequestLog log(file());
  Client client(chat, log);
  for (int i = 0; i < 14; ++i) EXPECT_FALSE(client.ask(question(std::to_string(i))).is_usable());
  EXPECT_EQ(server.bodies().size(), 10u * 3 + 4);
  EXPECT_TRUE(client.ask(question("waltz")).is_usable());
  client.ask(question("14"));
  EXPECT_EQ(server.bodies().size(), 10u * 3 + 4 + 1 + 3);
}

TEST_F(ChatClient, KeysAndAddressesAreTakenAsPeopleWriteThem) {
  std::string target, key;
  ScriptedServer server([&](std::size_t, const httplib::Request& request, httplib::Response& response) {
    target = request.target;
    key = request.get_header_value("Authorization");
    give(response, answer("Waltz"));
  });
  ::setenv("MIDILLAMA_TEST_KEY", " sk-secret\r\n", 1);
  config::Chat chat = settings(server.url());
  chat.endpoint += "/";
  RequestLog log(file());
  EXPECT_EQ(Client(chat, log).ask(question("a")).text, "Waltz");
  EXPECT_EQ(target, "/v1/chat/completions");
  EXPECT_EQ(key, "Bearer sk-secret");
  ::setenv("MIDILLAMA_TEST_KEY", "sk-secret\r\nHost: elsewhere", 1);
  const std::string error = error_of([&] { Client(chat, log); });
  EXPECT_THAT(error, HasSubstr("MIDILLAMA_TEST_KEY"));
  EXPECT_THAT(error, Not(HasSubstr("sk-secret")));
}

TEST_F(ChatClient, TheKeyIsInNoFileAndNoMessageThoughAServerShowsIt) {
  const std::vector<std::string> bodies = {R"({"error":{"message":"wrong key sk-secret","param":["Bearer sk-secret"]}})",
                                           R"({"error":"sk-\u0073ecret"})", "no JSON: sk-secretsk-secret"};
  for (const int status : {200, 400, 401, 500}) {
    ScriptedServer server([&](std::size_t number, const httplib::Request&, httplib::Response& response) {
      give(response, bodies[number % bodies.size()], status);
    });
    config::Chat chat = settings(server.url());
    chat.tries = 3;
    RequestLog log(file());
    std::string said;
    for (int i = 0; i < 3; ++i)
      said += error_of([&] { said += Client(chat, log).ask(question(std::to_string(status) + std::to_string(i))).problem; });
    EXPECT_THAT(said, AllOf(HasSubstr("(the key)"), Not(HasSubstr("secret")))) << status;
  }
  const std::string logged = read_text(file());
  EXPECT_THAT(logged, AllOf(HasSubstr("wrong key (the key)"), HasSubstr("Bearer (the key)"), Not(HasSubstr("secret"))));
}

TEST_F(ChatClient, EveryTryCountsOnTheAccount) {
  std::vector<std::chrono::steady_clock::time_point> times;
  ScriptedServer server([&](std::size_t number, const httplib::Request&, httplib::Response& response) {
    times.push_back(std::chrono::steady_clock::now());
    give(response, answer("Waltz"), number % 2 == 0 ? 500 : 200);
  });
  config::Chat chat = settings(server.url());
  chat.requests_per_minute = 120;
  RequestLog log(file());
  Client client(chat, log);
  for (int i = 0; i < 3; ++i) client.ask(question(std::to_string(i)));
  ASSERT_EQ(times.size(), 6u);
  EXPECT_GE(std::chrono::duration<double>(times.back() - times.front()).count(), 2.4)
      << "half a second for each of the five after the first";
}

TEST_F(ChatClient, WhereNoneCanBeUsedTheReasonIsGivenAndTheNextRunAsksAgain) {
  ScriptedServer server([](std::size_t number, const httplib::Request&, httplib::Response& response) {
    give(response, answer("\"Waltz\"", number < 3 ? "length" : "stop"));
  });
  Call call = question("a");
  call.schema = Schema{"dance", {{"type", "string"}}};
  EXPECT_EQ(ask(server, call).problem, "the answer was cut at 20 tokens");
  EXPECT_EQ(server.bodies().size(), 3u);
  EXPECT_EQ(ask(server, call).text, "\"Waltz\"");
}

TEST_F(ChatClient, WhatAServerSaysIsShownAndMovesNoCursor) {
  const OrderedJson request = request_body(question("a"), "m");
  const auto problem = [&](const std::string& response) { return answer_of(request, 200, OrderedJson::parse(response)).problem; };
  EXPECT_EQ(problem(R"({"choices": [{"message": {"refusal": "\u001b[2J\u009b31mred\nsecond line"}}]})"),
            "the model refused: \\x1b[2J\\x9b31mred");
  EXPECT_EQ(problem(R"({"choices": [{"message": {"content": "a"}, "finish_reason": "\u0007filter"}]})"),
            "the answer ended by \"\\x07filter\"");
  EXPECT_THAT(problem(R"({"choices": []})"), HasSubstr("no choices"));
  EXPECT_EQ(problem(R"("")"), "the response is empty");
  EXPECT_EQ(problem(R"("{\"choices\": [{\"mess")"), R"(the response is not JSON in UTF-8: {"choices": [{"mess)");
  EXPECT_EQ(error_text({{"error", {{"message", "bad\x1b[31m key\x7f"}}}}), "bad\\x1b[31m key\\x7f");
  EXPECT_EQ(error_text("Voil\xc3\xa0"), "Voil\xc3\xa0");
}

TEST_F(ChatClient, WhatIsWrongWithARequestIsTold) {
  const OrderedJson response = OrderedJson::parse(
      R"({"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "field required"}, {"msg": "too long"}, {"type": "x"}]})");
  EXPECT_EQ(error_text(response), "body.messages.0.role: field required; too long");
  EXPECT_EQ(error_text({{"detail", OrderedJson::array()}}), "no reason was given");
}

TEST_F(ChatClient, ATextThatIsCutIsAText) {
  ScriptedServer server([](std::size_t number, const httplib::Request&, httplib::Response& response) {
    give(response, answer(number == 0 ? "" : "It is a wal", "length"));
  });
  EXPECT_EQ(ask(server, question("a")).text, "It is a wal") << "one that is empty is none";
  EXPECT_EQ(server.bodies().size(), 2u);
  EXPECT_EQ(ask(server, question("a")).text, "It is a wal") << "from the log";
  EXPECT_EQ(server.bodies().size(), 2u);
}

TEST_F(ChatClient, ABadCallFailsAloneAndABadKeyEndsTheWork) {
  ScriptedServer server([](std::size_t number, const httplib::Request&, httplib::Response& response) {
    if (number < 3) return give(response, R"({"error": {"message": "too long"}})", 400);
    if (number == 3) return give(response, R"({"error": {"message": "no such key"}})", 401);
    give(response, R"({"error": {"message": "no money", "code": "insufficient_quota"}})", 429);
  });
  EXPECT_THAT(ask(server, question("a")).problem, HasSubstr("status 400: too long"));
  EXPECT_THAT(error_of([&] { ask(server, question("b")); }), HasSubstr("status 401: no such key"));
  EXPECT_THROW(ask(server, question("c")), ServerRefused);
  EXPECT_EQ(server.bodies().size(), 5u) << "neither was sent again";
}

TEST_F(ChatClient, AnotherAddressEndsTheWork) {
  for (const int status : {301, 308, 404, 405}) {
    ScriptedServer server([&](std::size_t, const httplib::Request&, httplib::Response& response) {
      response.set_header("Location", "http://127.0.0.1:9/v1/chat/completions");
      give(response, "<html>", status);
    });
    EXPECT_THAT(error_of([&] { ask(server, question("a")); }), HasSubstr("is chat.endpoint its address")) << status;
    EXPECT_EQ(server.bodies().size(), 1u) << status;
  }
}

TEST_F(ChatClient, WhatAServerSaysItCostIsNoMoreThanCanBeAdded) {
  const std::string most = std::to_string(std::numeric_limits<std::int64_t>::max());
  const std::string usage = R"("usage": {"prompt_tokens": )" + most + R"(, "completion_tokens": -5})";
  ScriptedServer server([&](std::size_t, const httplib::Request&, httplib::Response& response) {
    give(response, R"({"choices": [{"message": {"content": "Waltz"}, "finish_reason": "stop"}], )" + usage + "}");
  });
  RequestLog log(file());
  Client client(settings(server.url()), log);
  for (const char* text : {"a", "b", "c"}) client.ask(question(text));
  EXPECT_EQ(client.totals().usage.prompt_tokens, 3'000'000'000);
  EXPECT_EQ(client.totals().usage.completion_tokens, 0);
}

TEST_F(ChatClient, ACallThatFailsHoweverOftenItIsSentFailsAlone) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const auto asks = [&](const char* what) { return request.body.find(what) != std::string::npos; };
    if (asks("wrong")) return give(response, R"({"error": {"message": "no such token", "code": 500}})", 500);
    if (asks("late")) std::this_thread::sleep_for(std::chrono::milliseconds(900));
    if (asks("broken"))
      return response.set_content_provider(1000, "application/json", [](std::size_t, std::size_t, httplib::DataSink&) { return false; });
    give(response, answer("Waltz"));
  });
  config::Chat chat = settings(server.url());
  chat.tries = 2;
  chat.timeout = 0.4;
  for (int run = 0; run < 2; ++run) {
    RequestLog log(file());
    Client client(chat, log);
    EXPECT_EQ(client.ask(question("wrong")).problem, "status 500: no such token");
    EXPECT_EQ(client.ask(question("late")).problem, "no answer came: " + server.url() + ": Timeout was reached");
    EXPECT_THAT(client.ask(question("broken")).problem, HasSubstr("no answer came: http://127.0.0.1"));
    EXPECT_EQ(client.ask(question("a dance")).text, "Waltz");
    EXPECT_EQ(client.totals().failed, 3);
  }
  EXPECT_EQ(server.bodies().size(), 2u * 6 + 1) << "those that failed are asked again by the next run";
  chat.replay = true;
  RequestLog log(file());
  EXPECT_EQ(Client(chat, log).ask(question("wrong")).problem, "status 500: no such token") << "from the log, too";
  EXPECT_THAT(Client(chat, log).ask(question("late")).problem, HasSubstr("no answer came"));
}

TEST_F(ChatClient, WhereNothingCanBeAnsweredTheWorkEndsAndSaysThatItGoesOn) {
  config::Chat chat = settings("http://127.0.0.1:9");
  chat.tries = 1;
  RequestLog log(file());
  EXPECT_THROW(Client(chat, log).ask(question("a")), net::NoServer);
  EXPECT_THAT(error_of([&] { Client(chat, log).ask(question("a")); }), HasSubstr("requests.jsonl: the same command goes on from there"));
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    give(response, R"({"error": {"message": "there is no m", "code": "model_not_found"}})", 400);
  });
  EXPECT_THAT(error_of([&] { ask(server, question("a")); }), AllOf(HasSubstr("there is no m"), HasSubstr("the same command goes on")));
}

TEST_F(ChatClient, AServerThatGoesOnFailingEndsTheWork) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) { give(response, "", 503); });
  config::Chat chat = settings(server.url());
  chat.tries = 2;
  RequestLog log(file());
  EXPECT_THAT(error_of([&] { Client(chat, log).ask(question("a")); }), HasSubstr("status 503"));
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(ChatClient, ReplayNeedsNoServer) {
  {
    ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) { give(response, answer("Waltz")); });
    ask(server, question("a"));
  }
  config::Chat chat;
  chat.model = "echo";
  chat.replay = true;
  RequestLog log(file());
  Client client(chat, log);
  EXPECT_EQ(client.ask(question("a")).text, "Waltz");
  EXPECT_THAT(error_of([&] { client.ask(question("b")); }), HasSubstr("never made"));
  EXPECT_EQ(client.totals().from_log, 1);
}

TEST_F(ChatClient, NoMoreAtOnceThanAllowedAndTheSameCallOnce) {
  std::atomic<int> running = 0, most = 0;
  httplib::Server server;
  std::atomic<int> answered = 0;
  server.new_task_queue = [] { return new httplib::ThreadPool(16); };
  server.Post(".*", [&](const httplib::Request&, httplib::Response& response) {
    most = std::max(most.load(), ++running);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    --running;
    ++answered;
    give(response, answer("Waltz"));
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::thread serving([&] { server.listen_after_bind(); });
  config::Chat chat = settings("http://127.0.0.1:" + std::to_string(port));
  chat.max_parallel = 3;
  RequestLog log(file());
  Client client(chat, log);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) threads.emplace_back([&, i] { EXPECT_EQ(client.ask(question(std::to_string(i % 6))).text, "Waltz"); });
  for (auto& thread : threads) thread.join();
  server.stop();
  serving.join();
  EXPECT_LE(most, 3);
  EXPECT_EQ(answered, 6);
  EXPECT_EQ(client.totals().calls, 6);
  EXPECT_EQ(client.totals().from_log, 6);
  EXPECT_EQ(client.totals().usage.prompt_tokens, 42);
}

TEST_F(ChatClient, WhatItCosts) {
  config::Chat chat;
  chat.price_per_million_prompt_tokens = 2.5;
  chat.price_per_million_completion_tokens = 10;
  EXPECT_DOUBLE_EQ(cost_of(chat, {.prompt_tokens = 1'000'000, .completion_tokens = 100'000}), 3.5);
}

TEST_F(ChatClient, ASchemaIsPaidForToo) {
  const Call plain{.messages = {{"user", std::string(400, 'a')}}, .max_tokens = 7};
  Call with_schema = plain;
  with_schema.schema = Schema{.name = "s", .value = {{"type", "object"}, {"description", std::string(800, 'b')}}};
  EXPECT_EQ(usage_at_most(request_body(plain, "m")).prompt_tokens, 100);
  const Usage usage = usage_at_most(request_body(with_schema, "m"));
  EXPECT_GE(usage.prompt_tokens, 300);
  EXPECT_LT(usage.prompt_tokens, 320);
  EXPECT_EQ(usage.completion_tokens, 7);
}

TEST_F(ChatClient, NothingIsAskedWhereNothingCanBeKept) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) { give(response, answer("Yes.")); });
  RequestLog log(file());
  std::filesystem::create_directories(file());  // that cannot be written, whoever runs the test
  Client client(settings(server.url()), log);
  for (int i = 0; i < 2; ++i) EXPECT_THAT(error_of([&] { client.ask(Call{.messages = {{"user", "?"}}}); }), HasSubstr(file().string()));
  EXPECT_THAT(server.bodies(), testing::IsEmpty());
  std::filesystem::remove(file());
  EXPECT_EQ(client.ask(Call{.messages = {{"user", "?"}}}).text, "Yes.");
}

TEST_F(ChatClient, WithoutAServerTheKeysAreNamed) {
  RequestLog log(file());
  EXPECT_THAT(error_of([&] { Client(config::Chat{}, log); }), testing::AllOf(HasSubstr("chat.endpoint"), HasSubstr("chat.model")));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

}  // namespace
}  // namespace midillama::chat
