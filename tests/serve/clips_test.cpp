// Clips that the server keeps, and the page that is served beside them.
#include "midillama/midi/file.h"
#include "midillama/serve/example_clips.h"
#include "serve/served_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::serve {
namespace {

using testing::HasSubstr;

struct ClipsTest : testing::Test, ServedWorld {
  Json described(const Json& request) const {
    const auto result = post("/v1/clips", request);
    EXPECT_EQ(result->status, 200) << result->body;
    return Json::parse(result->body);
  }
  Json described(const midi::Score& score) const {
    const auto bytes = midi::to_midi(score);
    return described(Json{{"filename", "a.mid"}, {"file_data", to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()})}});
  }
  static Json question(const Json& part) {
    return {{"messages", {{{"role", "user"}, {"content", {part, {{"type", "text"}, {"text", "Which dance is it?"}}}}}}}};
  }
  static Json by_id(const std::string& id, const Json& more = Json::object()) {
    Json clip = {{"id", id}};
    clip.update(more);
    return {{"type", "clip"}, {"clip", clip}};
  }
  Json by_file(const Json& more = Json::object()) const {
    Json file = {{"file_data", clip()}};
    file.update(more);
    return {{"type", "file"}, {"file", file}};
  }
  std::string answer(const Json& part) const {
    const auto result = post("/v1/chat/completions", question(part));
    EXPECT_EQ(result->status, 200) << result->body;
    return Json::parse(result->body).at("choices")[0].at("message").at("content");
  }
};

midi::Score score_with(std::vector<midi::Note> notes) {
  midi::Score score;
  score.instruments.push_back({0, false, "piano", std::move(notes)});
  return score;
}

TEST_F(ClipsTest, AFileIsDescribedInSeconds) {
  start();
  auto score = score_with({{{480}, {960}, 64, 80}, {{0}, {480}, 60, 64}});
  score.instruments.push_back({35, true, "dr\xfcms", {{{0}, {240}, 36, 100}}});
  const Json clip = described(score);
  EXPECT_THAT(clip.at("id").get<std::string>(), testing::StartsWith("clip-"));
  EXPECT_EQ(clip.at("object"), "clip");
  EXPECT_EQ(clip.at("name"), "a.mid");
  EXPECT_EQ(clip.at("duration"), 1.0);
  EXPECT_EQ(clip.at("tracks").at(0), (Json{{"name", "piano"}, {"program", 0}, {"is_drum", false}}));
  EXPECT_EQ(clip.at("tracks").at(1).at("name"), "dr\uFFFDms") << "always UTF-8";
  EXPECT_EQ(clip.at("tracks").at(1).at("is_drum"), true);
  EXPECT_EQ(clip.at("notes"), Json::parse("[[0.0,0.25,36,100,1],[0.0,0.5,60,64,0],[0.5,1.0,64,80,0]]"));
  EXPECT_EQ(clip.at("beats"), Json::parse("[0.0,0.5,1.0,1.5]"));
  EXPECT_EQ(clip.at("bars"), Json::parse("[0.0,2.0]"));
  EXPECT_EQ(clip.at("explainable"), true);
}

TEST_F(ClipsTest, ACompoundMeterHasTheBeatsThatAreCounted) {
  start();
  auto score = score_with({{{0}, {1440}, 60, 64}});
  score.time_signatures = {{{0}, 6, 8}};
  const Json clip = described(score);
  EXPECT_EQ(clip.at("beats"), Json::parse("[0.0,0.75]"));
  EXPECT_EQ(clip.at("bars"), Json::parse("[0.0,1.5]"));
}

TEST_F(ClipsTest, AFileThatIsTimedInFramesHasNoBars) {
  start();
  auto score = score_with({{{0}, {1000}, 60, 64}});
  score.smpte = midi::SmpteDivision{25, 40};
  score.ticks_per_quarter = 1000;
  const Json clip = described(score);
  EXPECT_EQ(clip.at("beats"), Json::array());
  EXPECT_EQ(clip.at("bars"), Json::array());
}

TEST_F(ClipsTest, MoreBeatsThanCanBeShownAreRefused) {
  start();
  const auto bytes = midi::to_midi(score_with({{{0}, {100}, 60, 64}, {{200'000'000}, {200'000'100}, 60, 64}}));
  const auto result = post("/v1/clips", {{"file_data", to_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()})}});
  EXPECT_EQ(result->status, 400);
  EXPECT_THAT(result->body, HasSubstr("more than 100000 beats"));
}

TEST_F(ClipsTest, AnAnswerAboutAKeptClipIsTheFiles) {
  start();
  const std::string id = described({{"file_data", clip()}}).at("id");
  EXPECT_EQ(answer(by_id(id)), answer(by_file()));
  const Json part = {{"start", 1}, {"duration", 2.5}};
  EXPECT_EQ(answer(by_id(id, part)), answer(by_file(part)));
  const auto embedding = [&](const Json& input) {
    const auto result = post("/v1/embeddings", {{"input", input}});
    EXPECT_EQ(result->status, 200) << result->body;
    return Json::parse(result->body).at("data")[0].at("embedding");
  };
  EXPECT_EQ(embedding({{"clip", {{"id", id}}}}), embedding(clip()));
  EXPECT_EQ(embedding(Json::array({{{"clip", {{"id", id}}}}})), embedding(clip()));
  EXPECT_EQ(described({{"id", id}}).at("id"), id);
}

TEST_F(ClipsTest, WhatIsNotKeptIsSaidWithTheWayOut) {
  start();
  const auto answer = post("/v1/chat/completions", question(by_id("clip-00")));
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(Json::parse(answer->body).at("error").at("param"), "messages[0].content[0].clip.id");
  EXPECT_THAT(answer->body, HasSubstr("send its file to /v1/clips again"));
  const auto clip = post("/v1/clips", {{"id", "clip-00"}});
  EXPECT_EQ(clip->status, 404);
  EXPECT_THAT(clip->body, HasSubstr("send its file again"));
}

TEST_F(ClipsTest, WhatIsNoClipIsRefusedByItsKey) {
  start();
  const auto param = [&](const Json& request) {
    const auto result = post("/v1/clips", request);
    EXPECT_EQ(result->status, 400) << result->body;
    return Json::parse(result->body).at("error").at("param").get<std::string>();
  };
  EXPECT_EQ(param(Json::object()), "file_data");
  EXPECT_EQ(param({{"file_data", "?"}}), "file_data");
  EXPECT_EQ(param({{"file_data", to_base64("RIFF")}}), "file_data");
  EXPECT_EQ(param({{"file_data", clip()}, {"filename", 3}}), "filename");
  EXPECT_EQ(param({{"file_data", clip()}, {"filename", std::string(2000, 'x')}}), "filename");
  EXPECT_EQ(param({{"id", 3}}), "id");
}

TEST_F(ClipsTest, ADescriptionSaysWhetherAnswersAreExplained) {
  options.explains = false;
  start();
  EXPECT_EQ(described({{"file_data", clip()}}).at("explainable"), false);
}

TEST_F(ClipsTest, ExamplesAreListedAndDescribed) {
  options.examples = example_clips(world.config.data.dir, 2);
  start();
  const Json list = Json::parse(client().Get("/v1/clips")->body);
  EXPECT_EQ(list.at("object"), "list");
  ASSERT_EQ(list.at("data").size(), 2u);
  EXPECT_EQ(list.at("data")[1].at("name"), "test-3");
  const Json clip = described({{"id", list.at("data")[0].at("id")}});
  EXPECT_EQ(clip.at("name"), "test-0");
  EXPECT_EQ(clip.at("notes").size(), 16u);
}

TEST_F(ClipsTest, ALanguageModelAloneTakesNone) {
  options.limits.takes_music = false;
  start();
  EXPECT_THAT(post("/v1/clips", {{"file_data", clip()}})->body, HasSubstr("takes no music"));
  EXPECT_THAT(post("/v1/chat/completions", question(by_id("clip-0")))->body, HasSubstr("takes no music"));
  for (const char* path : {"/", "/page.css", "/main.js"}) EXPECT_EQ(client().Get(path)->status, 404) << "there is no page";
}

TEST_F(ClipsTest, ThePageIsForEverybodyAndCallsNothingElse) {
  options.http.api_key = "secret";
  start();
  const auto page = client().Get("/");
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(page->get_header_value("Cache-Control"), "no-cache");
  EXPECT_EQ(page->body, read_text("src/serve/page/index.html"));
  const std::pair<const char*, const char*> others[] = {
      {"/page.css", "text/css; charset=utf-8"}, {"/main.js", "text/javascript; charset=utf-8"}, {"/icon.svg", "image/svg+xml"}};
  for (const auto& [path, type] : others) EXPECT_EQ(client().Get(path)->get_header_value("Content-Type"), type);
  EXPECT_EQ(client().Get("/v1/clips")->status, 401);
  EXPECT_EQ(post("/v1/clips", {{"file_data", clip()}})->status, 401);
}

}  // namespace
}  // namespace midillama::serve
