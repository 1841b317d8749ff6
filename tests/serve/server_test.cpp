// The server as its clients see it.
#include "midillama/serve/server.h"

#include "eval/tiny_world.h"
#include "midillama/core/base64.h"
#include "midillama/text/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <cstring>
#include <set>
#include <thread>

namespace midillama::serve {
namespace {

using testing::HasSubstr;

constexpr const char* kJson = "application/json";

struct ServerTest : testing::Test {
  void start(std::size_t most_waiting = 64, bool takes_music = true) {
    ServerOptions options;
    options.http.port = 0;
    options.http.is_stopped = [this] { return is_stopped.load(); };
    options.limits.takes_music = takes_music;
    options.limits.max_new_tokens = world.config.generate.max_new_tokens;
    options.model_name = "tiny";
    options.most_waiting = most_waiting;
    server.emplace(session, std::move(options));
    port = server->bind();
    thread = std::thread([this] { server->serve(); });
  }
  ~ServerTest() override {
    is_stopped = true;
    if (thread.joinable()) thread.join();
  }

  httplib::Client client() const {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(60);
    return client;
  }
  httplib::Result post(const std::string& path, const Json& body) const { return client().Post(path, body.dump(), kJson); }
  Json chat(const Json& changes) const {
    const auto result = post("/v1/chat/completions", request(changes));
    EXPECT_EQ(result->status, 200) << result->body;
    return Json::parse(result->body);
  }
  static std::string said(const Json& answer, std::size_t choice = 0) {
    return answer.at("choices").at(choice).at("message").at("content").get<std::string>();
  }

  Json request(const Json& changes) const {
    const Json file = {{"type", "file"}, {"file", {{"file_data", "data:audio/midi;base64," + clip()}}}};
    const Json text = {{"type", "text"}, {"text", "Which dance is it?"}};
    Json request = {{"model", "tiny"}, {"messages", {{{"role", "user"}, {"content", {file, text}}}}}};
    request.update(changes);
    return request;
  }
  std::string clip() const {
    const auto bytes = read_bytes(world.path("data/clips/test-0.mid"));
    return to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  // What generate answers.
  std::string expected() {
    const auto heard = session.hear(midi::read_midi(world.path("data/clips/test-0.mid")));
    const std::vector<model::MusicText> prompt = {session.encode("Which dance is it?", heard)};
    return session.decode(generate::generate(session.model, prompt, session.sampling).at(0).token_ids);
  }

  eval::TinyWorld world;
  generate::Session session{world.config, world.path("checkpoint"), torch::kCPU};
  std::atomic<bool> is_stopped = false;
  std::optional<Server> server;
  int port = 0;
  std::thread thread;
};

TEST_F(ServerTest, AnswersAQuestionAboutAFileAsGenerateDoes) {
  const std::string answer = expected();
  start();
  const Json whole = chat(Json::object());
  EXPECT_EQ(said(whole), answer);
  EXPECT_EQ(whole.at("object"), "chat.completion");
  EXPECT_EQ(whole.at("model"), "tiny");
  EXPECT_EQ(whole.at("choices")[0].at("message").at("role"), "assistant");
  EXPECT_THAT(whole.at("choices")[0].at("finish_reason").get<std::string>(), testing::AnyOf("stop", "length"));
  const Json& usage = whole.at("usage");
  EXPECT_GT(usage.at("prompt_tokens"), 10);
  EXPECT_EQ(usage.at("total_tokens"), usage.at("prompt_tokens").get<int>() + usage.at("completion_tokens").get<int>());
}

TEST_F(ServerTest, AStreamHasTheSameAnswerInParts) {
  start();
  const std::string whole = said(chat({{"max_tokens", 30}}));
  const auto result =
      post("/v1/chat/completions", request({{"max_tokens", 30}, {"stream", true}, {"stream_options", {{"include_usage", true}}}}));
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->get_header_value("Content-Type"), "text/event-stream");
  std::string text, reason, rest = result->body;
  int usages = 0;
  ASSERT_TRUE(rest.ends_with("data: [DONE]\n\n")) << rest;
  rest.resize(rest.size() - std::strlen("data: [DONE]\n\n"));
  for (std::size_t end; (end = rest.find("\n\n")) != std::string::npos; rest.erase(0, end + 2)) {
    ASSERT_TRUE(rest.starts_with("data: "));
    const Json event = Json::parse(rest.substr(6, end - 6));
    EXPECT_EQ(event.at("object"), "chat.completion.chunk");
    usages += event.contains("usage") ? 1 : 0;
    for (const Json& choice : event.at("choices")) {
      text += choice.at("delta").value("content", std::string());
      if (!choice.at("finish_reason").is_null()) reason = choice.at("finish_reason");
    }
  }
  EXPECT_EQ(text, whole);
  EXPECT_NE(reason, "");
  EXPECT_EQ(usages, 1);
}

TEST_F(ServerTest, ASeededAnswerIsTheSameAloneAndInCompany) {
  start();
  const Json sampled = {{"temperature", 1.0}, {"seed", 5}, {"n", 3}, {"max_tokens", 20}};
  const Json alone = chat(sampled);
  std::set<std::string> different;
  for (std::size_t i = 0; i < 3; ++i) different.insert(said(alone, i));
  EXPECT_EQ(different.size(), 3u);
  std::vector<std::thread> company;
  for (int i = 0; i < 6; ++i) company.emplace_back([&, i] { chat({{"temperature", 1.0}, {"seed", 100 + i}, {"max_tokens", 40}}); });
  const Json beside = chat(sampled);
  for (auto& other : company) other.join();
  EXPECT_EQ(beside.at("choices"), alone.at("choices"));
}

TEST_F(ServerTest, AStopTextEndsTheAnswerAndIsNoPartOfIt) {
  start();
  const std::string whole = said(chat({{"max_tokens", 40}}));
  ASSERT_GT(whole.size(), 12u);
  std::size_t from = whole.size() / 2, to = from + 3;  // whole characters
  while (text::is_continuation(whole[from])) ++from;
  while (to < whole.size() && text::is_continuation(whole[to])) ++to;
  const std::string stop = whole.substr(from, to - from);
  const Json stopped = chat({{"max_tokens", 40}, {"stop", stop}});
  EXPECT_EQ(said(stopped), text::strip(std::string_view(whole).substr(0, whole.find(stop))));
  EXPECT_EQ(stopped.at("choices")[0].at("finish_reason"), "stop");
}

TEST_F(ServerTest, WhatCannotBeAnsweredIsRefused) {
  start(2, false);
  const auto music = post("/v1/chat/completions", request(Json::object()));
  EXPECT_EQ(music->status, 400);
  EXPECT_THAT(music->body, HasSubstr("takes no music"));
  const Json plain = {{"messages", {{{"role", "user"}, {"content", "Which?"}}}}};
  Json many = plain;
  many["n"] = 3;
  const auto full = post("/v1/chat/completions", many);
  EXPECT_EQ(full->status, 429);
  EXPECT_EQ(full->get_header_value("Retry-After"), "1");
  Json long_one = plain;
  std::string words;
  for (int i = 0; i < 2000; ++i) words += "reel ";
  long_one["messages"][0]["content"] = words;
  const auto refused = post("/v1/chat/completions", long_one);
  EXPECT_EQ(refused->status, 400) << refused->body;
  EXPECT_THAT(refused->body, HasSubstr("more than the"));
  EXPECT_EQ(post("/v1/completions", {{"prompt", words}})->status, 400);
  EXPECT_EQ(post("/v1/chat/completions", plain)->status, 200) << "a place is free again";
}

TEST_F(ServerTest, AClientThatLeavesFreesItsPlace) {
  start();
  auto leaving = client();
  const auto body = request({{"max_tokens", 4000}, {"stream", true}}).dump();
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/chat/completions";
  request.headers = {{"Content-Type", kJson}};
  request.body = body;
  request.content_receiver = [](const char*, std::size_t, std::uint64_t, std::uint64_t) { return false; };
  leaving.send(request);
  leaving.stop();
  const auto running = [&] { return client().Get("/metrics")->body.find("midillama_answers_running 0\n") == std::string::npos; };
  for (int i = 0; i < 500 && running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(running());
}

TEST_F(ServerTest, EmbeddingsAreTheClips) {
  const torch::Tensor expected = session.hear(midi::read_midi(world.path("data/clips/test-0.mid"))).music.mean(0);
  start();
  const auto floats =
      Json::parse(post("/v1/embeddings", {{"input", clip()}})->body).at("data")[0].at("embedding").get<std::vector<float>>();
  ASSERT_EQ(static_cast<std::int64_t>(floats.size()), expected.numel());
  for (std::size_t i = 0; i < floats.size(); ++i) EXPECT_EQ(floats[i], expected[static_cast<std::int64_t>(i)].item<float>());
  const auto encoded = Json::parse(post("/v1/embeddings", {{"input", {clip()}}, {"encoding_format", "base64"}})->body);
  const auto bytes = from_base64(encoded.at("data")[0].at("embedding").get<std::string>());
  ASSERT_EQ(bytes->size(), floats.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(bytes->data(), floats.data(), bytes->size()), 0);
}

TEST_F(ServerTest, TextIsContinuedAndTheServerSaysWhatItIs) {
  start();
  const auto completion = Json::parse(post("/v1/completions", {{"prompt", "It is a"}, {"max_tokens", 5}})->body);
  EXPECT_EQ(completion.at("object"), "text_completion");
  EXPECT_TRUE(completion.at("choices")[0].at("text").is_string());
  EXPECT_EQ(client().Get("/health")->body, R"({"status":"ok"})");
  EXPECT_EQ(Json::parse(client().Get("/v1/models")->body).at("data")[0].at("id"), "tiny");
  EXPECT_THAT(client().Get("/metrics")->body, HasSubstr("midillama_answers_total 1\n"));
}

}  // namespace
}  // namespace midillama::serve
