#include "midillama/study/server.h"

#include "midillama/study/store.h"
#include "study/study_client.h"
#include "study/study_world.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

namespace midillama::study {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing_support::error_of;

struct StudyServerTest : testing::Test, StudyWorld {
  void start(std::int64_t clips = 4, std::int64_t participants = 2, std::int64_t checks = 1, double requests_per_second = 1000) {
    study_of.emplace(build(design(clips, 1, participants, checks)));
    keys = read_keys(*study_of, study());
    server.emplace(study(), requests_per_second);
  }
  void restart() {
    server.reset();
    server.emplace(study());
  }
  StudyClient client(const std::string& participant = "p01") const { return {server->port(), keys.participants.at(participant).key}; }
  StudyClient admin() const { return {server->port(), keys.admin}; }

  // Until the question is open.
  static Json hear(StudyClient& client, const Json& next) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return client.post("/v1/heard", {{"item", next.at("item")}, {"seconds", kClipSeconds}}).body;
  }
  static Json judgment(const Json& next, const char* choice, const char* note = "") {
    return {{"item", next.at("item")}, {"criterion", next.at("criterion")}, {"choice", choice}, {"note", note}};
  }
  // The state where the first question is open.
  static Json begin(StudyClient& client) {
    client.post("/v1/consent");
    return hear(client, client.state().at("next"));
  }
  std::vector<Judgment> exported() const {
    const auto result = admin().get("/v1/admin/judgments.jsonl");
    write_atomically(folder.path() / "export.jsonl", result->body);
    return read_judgments(folder.path() / "export.jsonl");
  }

  std::optional<Study> study_of;
  Keys keys;
  std::optional<RunningStudy> server;
};

TEST_F(StudyServerTest, WithoutAKeyThereIsNothingButThePage) {
  start();
  for (const std::string& key : {std::string(), std::string("wrong"), keys.admin, keys.participants.at("p01").key + "a"}) {
    StudyClient stranger(server->port(), key);
    for (const char* path : {"/v1/state", "/v1/consent", "/v1/clip", "/v1/heard", "/v1/judgments"})
      EXPECT_EQ(stranger.post(path).status, 401) << path;
  }
  for (const std::string& key : {std::string(), keys.participants.at("p01").key}) {
    StudyClient stranger(server->port(), key);
    for (const char* path : {"/v1/admin/progress", "/v1/admin/judgments.csv", "/v1/admin/judgments.jsonl"})
      EXPECT_EQ(stranger.get(path)->status, 401) << path;
  }
  StudyClient stranger(server->port(), "");
  for (const char* path : {"/", "/admin", "/main.js", "/admin.js", "/client.js", "/hearing.js", "/study.css", "/base.css", "/roll.js",
                           "/player.js", "/clip.js", "/icon.svg"}) {
    const auto page = stranger.get(path);
    EXPECT_EQ(page->status, 200) << path;
    EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'self'"));
  }
}

TEST_F(StudyServerTest, NoOtherFileIsServed) {
  start();
  for (const char* path : {"/study.json", "/keys.json", "/study.sqlite", "/clips/c001.json", "/../study.json", "/%2e%2e/keys.json",
                           "/v1/state/../../keys.json", "/admin.html"})
    EXPECT_EQ(admin().get(path)->status, 404) << path;
}

TEST_F(StudyServerTest, TheConsentComesFirst) {
  start();
  auto judge = client();
  const Json before = judge.state();
  EXPECT_FALSE(before.at("consented"));
  EXPECT_THAT(before.at("consent"), AllOf(HasSubstr("<h1>Welcome</h1>"), HasSubstr("<em>read</em>"), Not(HasSubstr("<script"))));
  EXPECT_FALSE(before.contains("next"));
  const Answered early = judge.post("/v1/clip", {{"item", study_of->participants[0].items[0].name}});
  EXPECT_EQ(early.status, 403);
  EXPECT_EQ(early.code(), "no_consent");
  const Json after = judge.post("/v1/consent").body;
  EXPECT_TRUE(after.at("consented"));
  EXPECT_EQ(after.at("next").at("item"), study_of->participants[0].items[0].name);
  EXPECT_FALSE(after.contains("consent"));
}

TEST_F(StudyServerTest, WhatIsShownDoesNotSayWhoseTextItIs) {
  start();
  auto judge = client();
  judge.post("/v1/consent");
  const Json next = judge.state().at("next");
  const Item& item = study_of->participants[0].items[0];
  EXPECT_EQ(next.at("left"), study_of->text_of(item, item.left));
  EXPECT_EQ(next.at("right"), study_of->text_of(item, item.right));
  Json rest = next;
  rest.erase("left");
  rest.erase("right");
  for (const auto& system : systems()) EXPECT_THAT(rest.dump(), Not(HasSubstr(system.name)));
  const Answered clip = judge.post("/v1/clip", {{"item", item.name}});
  EXPECT_EQ(clip.body.at("notes").size(), 4);
  EXPECT_EQ(clip.body.dump().find(study_of->clips[item.clip].id), std::string::npos);
}

TEST_F(StudyServerTest, AClipMustBeHeardBeforeItIsJudged) {
  start();
  auto judge = client();
  judge.post("/v1/consent");
  const Json next = judge.state().at("next");
  EXPECT_FALSE(next.at("is_open"));
  const Answered early = judge.post("/v1/judgments", judgment(next, "left"));
  EXPECT_EQ(early.status, 409);
  EXPECT_EQ(early.code(), "not_heard");
  const Json heard = hear(judge, next);
  EXPECT_TRUE(heard.at("next").at("is_open"));
  EXPECT_EQ(judge.post("/v1/judgments", judgment(next, "left")).status, 200);
}

TEST_F(StudyServerTest, NoMoreIsHeardThanTimeHasPassed) {
  start();
  study_of->heard = 1;
  for (Clip& clip : study_of->clips) clip.duration = 60;
  server.reset();
  write_atomically(study() / kStudyFile, json_text(to_json(*study_of)));
  std::filesystem::remove(study() / kStoreFile);
  server.emplace(study());
  auto judge = client();
  judge.post("/v1/consent");
  const Json next = judge.state().at("next");
  const Json state = judge.post("/v1/heard", {{"item", next.at("item")}, {"seconds", 60}}).body;
  EXPECT_FALSE(state.at("next").at("is_open"));
  EXPECT_LT(state.at("next").at("heard_seconds"), 10);
  const Json less = judge.post("/v1/heard", {{"item", next.at("item")}, {"seconds", 0.1}}).body;
  EXPECT_GE(less.at("next").at("heard_seconds"), state.at("next").at("heard_seconds")) << "what was heard stays heard";
}

TEST_F(StudyServerTest, OneCriterionIsAskedAtATimeUntilAllAreAnswered) {
  start();
  auto judge = client();
  Json state = begin(judge);
  std::vector<std::string> asked;
  while (state.contains("next")) {
    const Json next = state.at("next");
    if (!next.at("is_open")) {
      state = hear(judge, next);
      continue;
    }
    EXPECT_FALSE(state.contains("finish_code"));
    asked.push_back(fmt::format("{} {}", next.at("item").get<std::string>(), next.at("criterion").get<std::string>()));
    state = judge.post("/v1/judgments", judgment(next, "undecided")).body;
  }
  std::vector<std::string> expected;
  for (const Item& item : study_of->participants[0].items) {
    for (const std::size_t criterion : item.criteria) expected.push_back(item.name + " " + study_of->criteria[criterion].name);
  }
  EXPECT_EQ(asked, expected);
  EXPECT_EQ(state.at("finish_code"), keys.participants.at("p01").finish_code);
  EXPECT_EQ(state.at("done"), state.at("items"));
  EXPECT_EQ(exported().size(), expected.size());
}

TEST_F(StudyServerTest, AJudgmentCountsOnceHoweverOftenItIsSent) {
  start();
  auto judge = client();
  const Json next = begin(judge).at("next");
  for (int i = 0; i < 4; ++i) {
    const Answered answered = judge.post("/v1/judgments", judgment(next, "left", i == 0 ? "a note" : "another"));
    EXPECT_EQ(answered.status, 200);
    EXPECT_EQ(answered.body.at("next").at("number"), 2);
  }
  const Answered other = judge.post("/v1/judgments", judgment(next, "right"));
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "judged");
  const auto kept = exported();
  ASSERT_EQ(kept.size(), 1);
  const Item& item = study_of->participants[0].items[0];
  EXPECT_EQ(kept[0].choice, item.left);
  EXPECT_EQ(kept[0].left, item.left);
  EXPECT_EQ(kept[0].clip, study_of->clips[item.clip].name);
  EXPECT_EQ(kept[0].note, "a note");
  EXPECT_GE(kept[0].judged, kept[0].shown);
  EXPECT_NEAR(kept[0].heard_seconds, kClipSeconds, 0.01);
}

TEST_F(StudyServerTest, OnlyTheNextQuestionIsAnswered) {
  start();
  auto judge = client();
  const Json next = begin(judge).at("next");
  const auto& items = study_of->participants[0].items;
  Json later = judgment(next, "left");
  later["criterion"] = "overall";
  EXPECT_EQ(judge.post("/v1/judgments", later).code(), "not_next");
  later = judgment(next, "left");
  later["item"] = items.back().name;
  EXPECT_EQ(judge.post("/v1/judgments", later).status, 409);
  EXPECT_EQ(judge.post("/v1/heard", {{"item", items.back().name}, {"seconds", 1}}).code(), "not_next");
  later["item"] = study_of->participants[1].items[0].name;
  EXPECT_EQ(judge.post("/v1/judgments", later).status, 404) << "another participant's item";
  EXPECT_TRUE(exported().empty());
}

TEST_F(StudyServerTest, WhatIsNoAnswerIsRefused) {
  start();
  auto judge = client();
  const Json next = begin(judge).at("next");
  const auto status = [&](const Json& body) { return judge.post("/v1/judgments", body).status; };
  EXPECT_EQ(status(judgment(next, "music")), 400);
  EXPECT_EQ(status({{"item", next.at("item")}}), 400);
  EXPECT_EQ(status(Json::array()), 400);
  Json noted = judgment(next, "left");
  noted["note"] = std::string(10'000, 'x');
  EXPECT_EQ(status(noted), 400);
  noted["note"] = 5;
  EXPECT_EQ(status(noted), 400);
  EXPECT_EQ(judge.post("/v1/heard", {{"item", next.at("item")}, {"seconds", -1}}).status, 400);
  EXPECT_EQ(judge.post("/v1/heard", {{"item", next.at("item")}, {"seconds", "1"}}).status, 400);
  httplib::Client raw("127.0.0.1", server->port());
  const httplib::Headers key = {{"Authorization", "Bearer " + keys.participants.at("p01").key}};
  EXPECT_EQ(raw.Post("/v1/judgments", key, "{broken", "application/json")->status, 400);
  EXPECT_EQ(raw.Post("/v1/judgments", key, "{\"note\": \"\xff\"}", "application/json")->status, 400);
  EXPECT_EQ(raw.Post("/v1/judgments", key, std::string(100'000, ' '), "application/json")->status, 413);
}

TEST_F(StudyServerTest, PagesOfOtherSitesActForNobody) {
  start();
  httplib::Client raw("127.0.0.1", server->port());
  const httplib::Headers other = {{"Authorization", "Bearer " + keys.participants.at("p01").key}, {"Origin", "https://other.example"}};
  EXPECT_EQ(raw.Post("/v1/consent", other, "{}", "application/json")->status, 403);
  EXPECT_FALSE(client().state().at("consented"));
  for (const auto& result :
       {raw.Get("/"), raw.Post("/v1/state", {{"Authorization", "Bearer " + keys.participants.at("p01").key}}, "{}", "application/json")})
    EXPECT_FALSE(result->has_header("Set-Cookie"));
}

TEST_F(StudyServerTest, WhatIsSomebodysOwnIsKeptByNobodyElse) {
  start();
  EXPECT_EQ(admin().get("/v1/admin/progress")->get_header_value("Cache-Control"), "no-store");
}

TEST_F(StudyServerTest, WhoAsksTooOftenIsToldToComeBackAndOthersAreNot) {
  start(4, 2, 1, 0.5);  // five at once
  auto judge = client();
  Answered last;
  for (int i = 0; i < 6; ++i) last = judge.post("/v1/state");
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(client("p02").post("/v1/state").status, 200);
}

TEST_F(StudyServerTest, WhoTriesKeysDoesNotKeepOthersWaiting) {
  start();
  StudyClient stranger(server->port(), "wrong");
  int refused = 0, limited = 0;
  for (int i = 0; i < 80; ++i) {
    const int status = stranger.post("/v1/state").status;
    refused += status == 401 ? 1 : 0;
    limited += status == 429 ? 1 : 0;
  }
  EXPECT_GT(refused, 10);
  EXPECT_GT(limited, 0);
  EXPECT_EQ(client().post("/v1/state").status, 200);
  EXPECT_EQ(admin().get("/v1/admin/progress")->status, 200);
}

TEST_F(StudyServerTest, ItGoesOnWhereItWasLeft) {
  start();
  auto judge = client();
  Json next = begin(judge).at("next");
  judge.post("/v1/judgments", judgment(next, "right"));
  const Json before = judge.state();
  restart();
  auto again = client();
  EXPECT_EQ(again.state(), before);
  EXPECT_EQ(again.state().at("next").at("number"), 2);
  EXPECT_TRUE(again.state().at("next").at("is_open"));
}

TEST_F(StudyServerTest, TheAdminSeesHowFarEverybodyIs) {
  start(4, 2, 1);
  auto judge = client();
  Json state = begin(judge);
  while (state.contains("next")) {
    const Json next = state.at("next");
    const bool is_check = next.at("left") == study_of->check_text || next.at("right") == study_of->check_text;
    const char* wrong = next.at("left") == study_of->check_text ? "right" : "left";
    state = next.at("is_open") ? judge.post("/v1/judgments", judgment(next, is_check ? wrong : "left")).body : hear(judge, next);
  }
  const Json progress = Json::parse(admin().get("/v1/admin/progress")->body);
  EXPECT_EQ(progress.at("of"), study_of->questions());
  EXPECT_EQ(progress.at("judged"), 11);
  const Json& first = progress.at("participants").at(0);
  EXPECT_EQ(first.at("judged"), first.at("of"));
  EXPECT_EQ(first.at("failed_checks"), 1);
  EXPECT_EQ(first.at("key"), keys.participants.at("p01").key);
  EXPECT_TRUE(progress.at("participants").at(1).at("consented").is_null());
}

TEST_F(StudyServerTest, NotesAreExportedAsTheyWereWritten) {
  start();
  auto judge = client();
  const Json next = begin(judge).at("next");
  const char* note = "=1+1, \"quoted\"\nand <b>on</b>";
  judge.post("/v1/judgments", judgment(next, "left", note));
  EXPECT_EQ(exported()[0].note, note);
  const auto csv = admin().get("/v1/admin/judgments.csv");
  EXPECT_EQ(csv->get_header_value("Content-Type"), "text/csv; charset=utf-8");
  EXPECT_THAT(csv->body, HasSubstr(",\"'=1+1, \"\"quoted\"\"\nand <b>on</b>\"\r\n"));
}

TEST_F(StudyServerTest, AnotherStudysJudgmentsAreRefused) {
  start();
  server.reset();
  study_of->title = "Another";
  write_atomically(study() / kStudyFile, json_text(to_json(*study_of)));
  EXPECT_THAT(error_of([&] { RunningStudy again(study()); }), HasSubstr("study.sqlite: holds the judgments of another study"));
}

TEST_F(StudyServerTest, AFolderWithoutAStudyIsRefused) {
  EXPECT_THAT(error_of([&] { RunningStudy none(folder.path()); }), HasSubstr("holds no study"));
  start();
  server.reset();
  write_atomically(study() / kStoreFile, std::string(10'000, 'x'));
  EXPECT_THAT(error_of([&] { RunningStudy broken(study()); }), HasSubstr("study.sqlite"));
}

}  // namespace
}  // namespace midillama::study
