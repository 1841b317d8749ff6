// The server as its clients see it.
#include "midillama/serve/server.h"

#include "midillama/core/base64.h"
#include "midillama/core/random.h"
#include "midillama/midi/file.h"
#include "midillama/text/utf8.h"
#include "serve/served_world.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <set>
#include <thread>

namespace midillama::serve {
namespace {

using testing::HasSubstr;

constexpr const char* kJson = "application/json";

struct ServerTest : testing::Test, ServedWorld {
  void start(std::size_t most_answers = 64, bool takes_music = true, const config::BertScore& texts = {}) {
    options.limits.takes_music = takes_music;
    options.engine = {.most_answers = most_answers, .texts = texts};
    ServedWorld::start();
  }
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
  // What generate answers.
  std::string expected() {
    const auto heard = session.hear(midi::read_midi(world.path("data/clips/test-0.mid")));
    const std::vector<model::MusicText> prompt = {session.encode("Which dance is it?", heard)};
    return session.decode(generate::generate(session.model, prompt, session.sampling).at(0).token_ids);
  }
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
  EXPECT_EQ(post("/v1/chat/completions", many)->status, 400) << "there is never room for them";
  Json long_one = plain;
  std::string words;
  for (int i = 0; i < 2000; ++i) words += "reel ";
  long_one["messages"][0]["content"] = words;
  const auto refused = post("/v1/chat/completions", long_one);
  EXPECT_EQ(refused->status, 400) << refused->body;
  EXPECT_THAT(refused->body, HasSubstr("prompts may have"));
  const auto code = [](const httplib::Result& result) { return Json::parse(result->body).at("error").at("code"); };
  EXPECT_EQ(code(refused), "context_length_exceeded");
  const std::string book(8 << 20, 'r');
  Json whole_book = plain;
  whole_book["messages"][0]["content"] = book;
  for (const auto& result : {post("/v1/chat/completions", whole_book), post("/v1/completions", {{"prompt", book}})}) {
    EXPECT_EQ(code(result), "context_length_exceeded");
    EXPECT_THAT(result->body, HasSubstr(fmt::format("{} bytes", book.size()))) << "before it is tokenized";
  }
  const auto continued = post("/v1/completions", {{"prompt", words}});
  EXPECT_EQ(continued->status, 400);
  EXPECT_EQ(code(continued), "context_length_exceeded");
  EXPECT_EQ(code(music), nullptr);
  EXPECT_EQ(post("/v1/chat/completions", plain)->status, 200);
}

TEST_F(ServerTest, WhereAllPlacesAreTakenOneIsToldToComeBack) {
  start(0);
  const auto full = post("/v1/chat/completions", request(Json::object()));
  EXPECT_EQ(full->status, 429);
  EXPECT_EQ(full->get_header_value("Retry-After"), "1");
}

TEST_F(ServerTest, PlacesAreCountedInTokens) {
  const auto asked = [](std::int64_t choices, std::int64_t max_new_tokens) {
    Asked asked;
    asked.conversation.messages = {{text::Role::user, "Which?"}};
    asked.choices = choices;
    asked.max_new_tokens = max_new_tokens;
    return asked;
  };
  const auto is_wanted = [] { return true; };
  const auto prompt = static_cast<std::int64_t>(session.encode("Which?", {}).input_ids.size());
  Engine engine(session, {.most_tokens = 2 * (prompt + 50)});
  const auto refusal = [&](std::int64_t choices, std::int64_t max_new_tokens) {
    try {
      engine.ask(asked(choices, max_new_tokens), is_wanted);
    } catch (const web::HttpError& error) {
      return error.status();
    }
    return 200;
  };
  EXPECT_EQ(refusal(3, 50), 400) << "there is never room";
  const auto answer = engine.ask(asked(1, 60), is_wanted);
  EXPECT_EQ(engine.counts().running, 1);
  EXPECT_EQ(refusal(1, 10), 429) << "its place would be as long as the other's";
  EXPECT_EQ(engine.counts().refused, 1);
}

TEST_F(ServerTest, WhatNobodyWaitsForIsNotDone) {
  Engine engine(session, {});
  const auto score = midi::read_midi(clip_file());
  const auto nobody = [] { return false; };
  EXPECT_THROW(engine.embed(score, "input", nobody), web::HttpError);
  Asked asked;
  asked.conversation.messages = {{text::Role::user, "Which?"}};
  asked.max_new_tokens = 5;
  EXPECT_THROW(engine.ask(asked, nobody), web::HttpError);
  EXPECT_EQ(engine.counts().prompt_tokens, 0);
  EXPECT_THROW(engine.explain({score, {.messages = {{text::Role::user, "Which?"}}, .notes = {}}, "A jig."}, nobody), web::HttpError);
  EXPECT_EQ(engine.embed(score, "input", [] { return true; }).numbers.size(), 16u);
}

TEST_F(ServerTest, AModelThatFailsIsSaidAndAnswersAgain) {
  start();
  const std::string answer = said(chat({{"max_tokens", 5}}));
  const torch::NoGradGuard no_grad;
  const torch::Tensor weight = session.model->llama->output_weight(), whole = weight.clone();
  weight.fill_(std::numeric_limits<float>::quiet_NaN());
  const auto failed = post("/v1/chat/completions", request({{"max_tokens", 5}}));
  EXPECT_EQ(failed->status, 500);
  EXPECT_THAT(failed->body, HasSubstr("the model failed"));
  const auto streamed = post("/v1/chat/completions", request({{"max_tokens", 5}, {"stream", true}}));
  EXPECT_THAT(streamed->body, HasSubstr("\n\ndata: {\"error\":{\"message\":\"the model failed"));
  EXPECT_THAT(streamed->body, testing::Not(HasSubstr("[DONE]")));
  EXPECT_THAT(client().Get("/metrics")->body, HasSubstr("midillama_answers_running 0\n"));
  weight.copy_(whole);
  EXPECT_EQ(said(chat({{"max_tokens", 5}})), answer);
}

TEST_F(ServerTest, ManyPromptsAreContinuedAsEachAlone) {
  start(8);
  const auto completion = [&](const Json& prompt, const Json& more = Json::object()) {
    Json request = {{"prompt", prompt}, {"max_tokens", 6}, {"n", 2}, {"seed", 3}, {"temperature", 1}};
    request.update(more);
    return post("/v1/completions", request);
  };
  const auto texts = [](const Json& answer) {
    std::vector<std::string> texts;
    for (const Json& choice : answer.at("choices")) texts.push_back(choice.at("text"));
    return texts;
  };
  std::vector<std::string> alone;
  int tokens = 0;
  for (const char* prompt : {"It is a", "The key"}) {
    const Json answer = Json::parse(completion(prompt)->body);
    for (const auto& text : texts(answer)) alone.push_back(text);
    tokens += answer.at("usage").at("total_tokens").get<int>();
  }
  const Json together = Json::parse(completion({"It is a", "The key"})->body);
  EXPECT_EQ(texts(together), alone);
  EXPECT_EQ(together.at("choices")[3].at("index"), 3);
  EXPECT_EQ(together.at("usage").at("total_tokens"), tokens);
  const std::string events = completion({"It is a", "The key"}, {{"stream", true}})->body;
  std::vector<std::string> streamed(4);
  for (std::size_t from = 0, at; (at = events.find("data: {", from)) != std::string::npos; from = at + 1) {
    const Json choice = Json::parse(events.substr(at + 6, events.find('\n', at) - at - 6)).at("choices")[0];
    streamed.at(choice.at("index").get<std::size_t>()) += choice.at("text").get<std::string>();
  }
  EXPECT_EQ(streamed, alone);
  EXPECT_EQ(completion({"a", "b", "c", "d", "e"})->status, 400) << "ten at once";
}

TEST_F(ServerTest, AColdAnswerIsTheGreedyOne) {
  start();
  const std::string greedy = said(chat({{"max_tokens", 12}}));
  for (const double temperature : {1e-310, 1e-300, 1e-9}) EXPECT_EQ(said(chat({{"max_tokens", 12}, {"temperature", temperature}})), greedy);
}

TEST_F(ServerTest, ABodyOfVeryManyValuesIsRefusedAtOnce) {
  start();
  std::string body =
      R"({"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_schema", "schema": {}}, "metadata": {)";
  for (int i = 0; i < 400'000; ++i) body += fmt::format("\"a{}\":0,", i);
  const auto result = client().Post("/v1/chat/completions", body + "\"b\": 0}}", kJson);
  EXPECT_EQ(result->status, 400);
  EXPECT_THAT(result->body, HasSubstr("values"));
}

TEST_F(ServerTest, MusicThatCannotBeHeardWholeIsRefused) {
  start();
  midi::Score late = midi::read_midi(clip_file());
  const midi::Tick after{5000 * static_cast<std::int64_t>(late.ticks_per_quarter)};
  late.instruments[0].notes.push_back({after, after + midi::Tick{10}, 60, 80});
  const std::string path = world.path("late.mid");
  midi::write_midi(late, path);
  const auto bytes = read_bytes(path);
  const Json file = {{"type", "file"}, {"file", {{"file_data", to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()})}}}};
  const auto result =
      post("/v1/chat/completions", {{"messages", {{{"role", "user"}, {"content", {file, {{"type", "text"}, {"text", "Which?"}}}}}}}});
  EXPECT_EQ(result->status, 400) << result->body;
  EXPECT_THAT(result->body, HasSubstr("are left out"));
  midi::Score in_frames = midi::read_midi(clip_file());
  in_frames.smpte = midi::SmpteDivision{25, 40};
  in_frames.ticks_per_quarter = 25 * 40;
  midi::write_midi(in_frames, path);
  const auto frames = read_bytes(path);
  const std::string timed = to_base64({reinterpret_cast<const char*>(frames.data()), frames.size()});
  const Json kept = Json::parse(post("/v1/clips", {{"file_data", timed}})->body);
  EXPECT_EQ(kept.at("explainable"), false);
  const Json of_clip = {{"type", "clip"}, {"clip", {{"id", kept.at("id")}}}};
  const Json asked = Json::array({{{"role", "user"}, {"content", {of_clip, {{"type", "text"}, {"text", "Which?"}}}}}});
  for (const auto& refused : {post("/v1/chat/completions", {{"messages", asked}}), post("/v1/embeddings", {{"input", timed}}),
                              post("/v1/explanations", {{"messages", asked}, {"answer", "A jig."}})}) {
    EXPECT_EQ(refused->status, 400);
    EXPECT_THAT(refused->body, HasSubstr("timed in SMPTE frames"));
  }
  const auto embedded = post("/v1/embeddings", {{"input", {clip(), file.at("file").at("file_data")}}});
  EXPECT_EQ(embedded->status, 400);
  EXPECT_EQ(Json::parse(embedded->body).at("error").at("param"), "input[1]");
  const Json question = {{"role", "user"}, {"content", {file, {{"type", "text"}, {"text", "Which?"}}}}};
  const auto explained = post("/v1/explanations", {{"messages", {question}}, {"answer", "A jig."}});
  EXPECT_EQ(explained->status, 400) << explained->body;
  EXPECT_THAT(explained->body, HasSubstr("are left out"));
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

TEST_F(ServerTest, LogProbabilitiesComeWithTheirTokens) {
  start();
  const Json whole = chat({{"max_tokens", 8}, {"logprobs", true}, {"top_logprobs", 3}});
  const Json& content = whole.at("choices")[0].at("logprobs").at("content");
  ASSERT_EQ(content.size(), whole.at("usage").at("completion_tokens"));
  std::string bytes;
  for (const Json& token : content) {
    ASSERT_EQ(token.at("top_logprobs").size(), 3u);
    EXPECT_EQ(token.at("logprob"), token.at("top_logprobs")[0].at("logprob")) << "greedy";
    EXPECT_LE(token.at("logprob"), 0);
    EXPECT_GE(token.at("top_logprobs")[1].at("logprob"), token.at("top_logprobs")[2].at("logprob"));
    for (const Json& byte : token.at("bytes")) bytes += static_cast<char>(byte.get<int>());
  }
  std::string storage;
  EXPECT_EQ(text::strip(text::valid_utf8(bytes, storage)), said(whole));
  const auto stream = post("/v1/chat/completions", request({{"max_tokens", 8}, {"logprobs", true}, {"top_logprobs", 3}, {"stream", true}}));
  Json streamed = Json::array();
  for (std::size_t from = 0, at; (at = stream->body.find("data: {", from)) != std::string::npos; from = at + 1) {
    const Json event = Json::parse(stream->body.substr(at + 6, stream->body.find('\n', at) - at - 6));
    const Json& logprobs = event.at("choices")[0].at("logprobs");
    if (!logprobs.is_null()) streamed.insert(streamed.end(), logprobs.at("content").begin(), logprobs.at("content").end());
  }
  EXPECT_EQ(streamed, content);
  const auto completion = Json::parse(post("/v1/completions", {{"prompt", "It is a"}, {"max_tokens", 5}, {"logprobs", 2}})->body);
  const Json& logprobs = completion.at("choices")[0].at("logprobs");
  EXPECT_EQ(logprobs.at("tokens").size(), completion.at("usage").at("completion_tokens"));
  EXPECT_EQ(logprobs.at("token_logprobs").size(), logprobs.at("tokens").size());
  const auto offsets = logprobs.at("text_offset").get<std::vector<std::size_t>>();
  ASSERT_EQ(offsets.size(), logprobs.at("tokens").size());
  EXPECT_EQ(offsets[0], 0u);
  EXPECT_TRUE(std::ranges::is_sorted(offsets));
  EXPECT_LE(offsets.back(), text::count_characters(completion.at("choices")[0].at("text").get<std::string>()));
  EXPECT_GT(offsets.back(), 0u);
}

TEST_F(ServerTest, AnAnswerOfAFormatIsWholeWhateverTheModelWouldSay) {
  options.limits.max_new_tokens = 40;
  start();
  const Json schema = {
      {"type", "object"},
      {"properties", {{"dance", {{"enum", {"jig", "reel"}}}}, {"bars", {{"type", "integer"}, {"minimum", 1}, {"maximum", 64}}}}},
      {"required", {"dance", "bars"}},
      {"additionalProperties", false}};
  const Json format = {{"type", "json_schema"}, {"json_schema", {{"name", "tune"}, {"schema", schema}, {"strict", true}}}};
  for (const double temperature : {0.0, 2.0}) {
    const Json answer = chat({{"response_format", format}, {"temperature", temperature}, {"n", 4}, {"seed", 1}});
    for (const Json& choice : answer.at("choices")) {
      const Json written = Json::parse(choice.at("message").at("content").get<std::string>());
      EXPECT_EQ(written.size(), 2u);
      EXPECT_THAT(written.at("dance").get<std::string>(), testing::AnyOf("jig", "reel"));
      EXPECT_THAT(written.at("bars").get<int>(), testing::AllOf(testing::Ge(1), testing::Le(64)));
      EXPECT_EQ(choice.at("finish_reason"), "stop");
    }
    const Json object = chat({{"response_format", {{"type", "json_object"}}}, {"temperature", temperature}, {"seed", 2}});
    EXPECT_TRUE(Json::parse(said(object)).is_object()) << said(object);
  }
  const auto refused = [&](const Json& changes) {
    const auto result = post("/v1/chat/completions", request(changes));
    EXPECT_EQ(result->status, 400);
    return Json::parse(result->body).at("error");
  };
  EXPECT_EQ(refused({{"response_format", format}, {"max_tokens", 2}}).at("param"), "max_tokens");
  Json unsupported = format;
  unsupported["json_schema"]["schema"]["properties"]["dance"] = {{"type", "string"}, {"pattern", "\\bjig"}};
  const Json error = refused({{"response_format", unsupported}});
  EXPECT_EQ(error.at("param"), "response_format");
  EXPECT_THAT(error.at("message").get<std::string>(), testing::AllOf(HasSubstr("pattern"), HasSubstr("#/properties/dance")));
}

TEST_F(ServerTest, TextsHaveEmbeddingsWhereThereIsASentenceEncoder) {
  options.engine.texts.path = "/nowhere";
  ServedWorld::start();
  EXPECT_THAT(post("/v1/embeddings", {{"input", "a reel"}})->body, HasSubstr("this server has none (eval.bertscore)"));
  EXPECT_EQ(post("/v1/embeddings", {{"input", clip()}})->status, 200);
}

TEST_F(ServerTest, ATextsEmbeddingIsTheSentenceEncoders) {
  const config::BertScore encoder{.path = "tests/golden/eval/tiny_bert", .layer = 3};
  start(64, true, encoder);
  const auto floats =
      Json::parse(post("/v1/embeddings", {{"input", "a reel"}})->body).at("data")[0].at("embedding").get<std::vector<float>>();
  const torch::Tensor expected = eval::SentenceEncoder(encoder, torch::kCPU).embed("a reel");
  ASSERT_EQ(static_cast<std::int64_t>(floats.size()), expected.numel());
  for (std::size_t i = 0; i < floats.size(); ++i) EXPECT_EQ(floats[i], expected[static_cast<std::int64_t>(i)].item<float>());
}

TEST_F(ServerTest, ATextThatIsLongerThanItsEncoderReadsIsRefused) {
  const config::BertScore encoder{.path = "tests/golden/eval/tiny_bert", .layer = 3};
  start(64, true, encoder);
  const eval::SentenceEncoder sentences(encoder, torch::kCPU);
  std::string longest = "a";
  while (sentences.tokens(longest + " a") <= sentences.longest()) longest += " a";
  EXPECT_EQ(post("/v1/embeddings", {{"input", longest}})->status, 200);
  std::string book;
  while (book.size() < 1 << 20) book += "a reel ";
  for (const std::string& text : {longest + " a", book}) {
    const auto refused = post("/v1/embeddings", {{"input", {"a", text}}});
    EXPECT_EQ(refused->status, 400);
    const Json error = Json::parse(refused->body).at("error");
    EXPECT_EQ(error.at("code"), "context_length_exceeded");
    EXPECT_EQ(error.at("param"), "input[1]");
  }
}

TEST_F(ServerTest, AnAnswerIsExplainedAsTheCommandDoes) {
  const auto score = midi::read_midi(clip_file());
  const auto expected = explain::explain(session, score, {.messages = {{text::Role::user, "Which dance is it?"}}}, "a reel");
  start();
  const auto result = post("/v1/explanations", request({{"answer", "a reel"}}));
  ASSERT_EQ(result->status, 200) << result->body;
  const Json json = Json::parse(result->body);
  EXPECT_EQ(json.at("object"), "explanation");
  EXPECT_NEAR(json.at("log_probability").get<double>(), expected.log_probability, 1e-4);
  ASSERT_EQ(json.at("notes").size(), expected.notes.size());
  for (std::size_t i = 0; i < expected.notes.size(); ++i)
    EXPECT_NEAR(json.at("notes")[i].at("left_out").get<double>(), expected.notes[i].left_out, 1e-4);
  EXPECT_EQ(post("/v1/explanations", request(Json::object()))->status, 400);
  EXPECT_EQ(post("/v1/explanations", {{"messages", {{{"role", "user"}, {"content", "Which?"}}}}, {"answer", "a"}})->status, 400);
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

// A request with some bytes changed, left out, doubled or put elsewhere.
std::string mutated(std::string text, Random& random) {
  const auto place = [&] { return static_cast<std::size_t>(random.below(text.size() + 1)); };
  for (auto changes = 1 + random.below(4); changes > 0 && !text.empty(); --changes) {
    const std::size_t at = place(), length = std::min<std::size_t>(random.below(12), text.size() - std::min(at, text.size()));
    const std::string part = text.substr(at, length);
    switch (random.below(5)) {
      case 0:
        text.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(place(), part);
        break;
      case 3:
        text.replace(at, length, std::to_string(static_cast<std::int64_t>(random.below(1u << 30)) - (1 << 29)));
        break;
      default:
        text.insert(at, std::array{"null", "[]", "{}", "\"\"", "1e999", "-1", "\\u0000", "[[[["}[random.below(8)]);
    }
  }
  return text;
}

TEST_F(ServerTest, MutatedRequestsAreAnsweredOrRefused) {
  constexpr int kRequests = 10'000;
  options.limits.most_new_tokens = 4;
  start();
  std::vector<std::pair<const char*, std::string>> seeds = {
      {"/v1/chat/completions", request({{"max_tokens", 3}, {"n", 2}, {"temperature", 0.5}, {"logprobs", true}}).dump()},
      {"/v1/chat/completions", request({{"stream", true}, {"stream_options", {{"include_usage", true}}}, {"stop", {"a", "b"}}}).dump()},
      {"/v1/completions", Json{{"prompt", "It is a"}, {"max_tokens", 2}, {"seed", 3}, {"top_p", 0.5}}.dump()},
      {"/v1/embeddings", Json{{"input", {clip(), "a reel"}}, {"encoding_format", "base64"}}.dump()}};
  Random random(20260101);
  std::map<int, int> statuses;
  auto asking = client();
  for (int i = 0; i < kRequests; ++i) {
    const auto& [path, seed] = seeds[random.below(seeds.size())];
    const std::string body = mutated(seed, random);
    const auto result = asking.Post(path, body, kJson);
    ASSERT_TRUE(result) << path << ": " << body;
    ++statuses[result->status];
    if (result->status != 200) {
      ASSERT_EQ(result->status, 400) << result->body << "\n" << body;
      ASSERT_FALSE(Json::parse(result->body).at("error").at("message").get<std::string>().empty());
    }
  }
  EXPECT_GT(statuses[200], kRequests / 100);
  EXPECT_GT(statuses[400], kRequests / 2);
  EXPECT_THAT(client().Get("/metrics")->body, HasSubstr("midillama_answers_running 0\n"));
}

TEST_F(ServerTest, TextIsContinuedAndTheServerSaysWhatItIs) {
  start();
  const auto completion = Json::parse(post("/v1/completions", {{"prompt", "It is a"}, {"max_tokens", 5}})->body);
  EXPECT_EQ(completion.at("object"), "text_completion");
  EXPECT_TRUE(completion.at("choices")[0].at("text").is_string());
  EXPECT_EQ(client().Get("/health")->body, R"({"status":"ok"})");
  EXPECT_EQ(Json::parse(client().Get("/v1/models")->body).at("data")[0].at("id"), "tiny");
  EXPECT_EQ(Json::parse(client().Get("/v1/models/tiny")->body).at("id"), "tiny");
  EXPECT_THAT(client().Get("/metrics")->body, HasSubstr("midillama_answers_total 1\n"));
}

}  // namespace
}  // namespace midillama::serve
