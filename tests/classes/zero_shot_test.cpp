#include "midillama/classes/zero_shot.h"

#include "classes/tiny_set.h"
#include "midillama/core/error.h"
#include "support/error_of.h"
#include "support/scripted_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::classes {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::error_of;
using testing_support::ScriptedServer;

std::string completion(const std::string& content) {
  const Json message = {{"role", "assistant"}, {"content", content}};
  return Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}}}}).dump();
}

// Jigs and three times as many reels, all tested.
class ZeroShotTest : public testing::Test {
 protected:
  ZeroShotTest() : set_(folder_.path() / "tunes") {
    for (int i = 0; i < 8; ++i) set_.add(fmt::format("t{}", i), {{"dance", i % 4 == 0 ? "jig" : "reel"}}, tune(60 + i));
    config_.run.dir = (folder_.path() / "run").string();
    config_.classify.genre = "dance";
    config_.classify.pieces = {.train = {set_.path()}, .test = {set_.path()}, .folds = 1, .valid_fraction = 0};
    config_.prompt.notes = "json";
    config_.chat.model = "m";
    config_.chat.api_key_env = "";
    config_.chat.tries = 2;
    config_.chat.tries_for_an_answer = 1;
    // Of whatever is tested all is learnt from elsewhere.
    task_ = {.name = "genre", .label = "dance", .classes = {"jig", "reel"}, .parts = {}};
    task_.parts.test = pieces::read_pieces({set_.path()}, "");
    task_.parts.train = task_.parts.test;
  }

  ZeroShot ask(ScriptedServer& server) {
    config_.chat.endpoint = server.url() + "/v1";
    return ask_classes(task_, config_);
  }

  TemporaryDirectory folder_;
  TinySet set_;
  config::Config config_;
  Task task_;
};

TEST_F(ZeroShotTest, APieceIsTextAndTheAnswerClosed) {
  const PieceText piece = write_piece(task_.parts.test[0].file, config_.prompt);
  const OrderedJson request = chat::request_body(question_about(piece.text, task_, config_), "m");
  EXPECT_THAT(request.at("messages")[0].at("content").get<std::string>(),
              AllOf(HasSubstr("as a list of its notes in JSON"), HasSubstr("with one of: jig, reel.")));
  EXPECT_THAT(request.at("messages")[1].at("content").get<std::string>(),
              AllOf(StartsWith("{\"bars\":[{\"meter\":\"4/4\""), HasSubstr("\n\nWhich genre is this piece?")));
  const OrderedJson schema = request.at("response_format").at("json_schema").at("schema");
  EXPECT_EQ(schema.at("properties").at("genre").at("enum"), OrderedJson({"jig", "reel"}));
  task_.multi_label = true;
  const OrderedJson several = chat::request_body(question_about(piece.text, task_, config_), "m");
  EXPECT_EQ(several.at("response_format").at("json_schema").at("schema").at("properties").at("genres").at("type"), "array");
}

TEST_F(ZeroShotTest, APieceIsCutByWholeMeasures) {
  const PieceText whole = write_piece(task_.parts.test[0].file, config_.prompt);
  EXPECT_EQ(whole.measures, 2u);
  EXPECT_EQ(whole.left_out, 0u);
  config_.prompt.notes_tokens = static_cast<std::int64_t>(whole.text.size()) / 4 - 4;
  const PieceText cut = write_piece(task_.parts.test[0].file, config_.prompt);
  EXPECT_EQ(cut.measures, 1u);
  EXPECT_EQ(cut.left_out, 1u);
  EXPECT_TRUE(Json::accept(cut.text));
  config_.prompt.notes_tokens = 3;
  EXPECT_THAT(error_of([&] { write_piece(task_.parts.test[0].file, config_.prompt); }),
              AllOf(HasSubstr("t0.mid"), HasSubstr("prompt.notes_tokens (3)")));
}

TEST_F(ZeroShotTest, AnswersNameClassesOrNothing) {
  const auto read = [&](const std::string& text) { return read_answer(text, task_); };
  EXPECT_THAT(*read("{\"genre\": \"Reel \"}"), ElementsAre(1u));
  task_.classes = {"REEL", "reel"};
  EXPECT_THAT(*read("{\"genre\": \"reel\"}"), ElementsAre(1u)) << "as it is spelt";
  task_.classes = {" reel", "Ärger", "reel"};
  EXPECT_THAT(*read("{\"genre\": \" reel\"}"), ElementsAre(0u)) << "space too, where that is a class";
  EXPECT_THAT(*read("{\"genre\": \"ärger\"}"), ElementsAre(1u));
  task_.classes = {"C", "c"};
  EXPECT_THAT(*read("{\"genre\": \"c \"}"), ElementsAre(1u)) << "space is less than case";
  task_.classes = {"jig", "reel"};
  for (const char* wrong :
       {"reel", "{\"genre\": \"polka\"}", "{\"genre\": 1}", "{\"style\": \"reel\"}", "{\"genre\": [\"jig\", \"reel\"]}", "[]"})
    EXPECT_FALSE(read(wrong)) << wrong;
  task_.multi_label = true;
  EXPECT_THAT(*read("{\"genres\": [\"reel\", \"jig\"]}"), ElementsAre(1u, 0u));
  EXPECT_FALSE(read("{\"genres\": []}"));
  EXPECT_FALSE(read("{\"genres\": [\"reel\", \"polka\"]}"));
}

TEST_F(ZeroShotTest, WhatIsToldIsScoredAndWhatIsNotHasItsReason) {
  ScriptedServer server([](std::size_t, const httplib::Request& request, httplib::Response& response) {
    const std::string body = request.body;
    if (body.find("[0,60,") != std::string::npos) return response.set_content(completion("{\"genre\": \"polka\"}"), "application/json");
    if (body.find("[0,61,") != std::string::npos) {
      response.status = 400;
      return response.set_content("{\"error\": {\"message\": \"too long\"}}", "application/json");
    }
    response.set_content(completion("{\"genre\": \"jig\"}"), "application/json");
  });
  config_.chat.max_parallel = 1;
  const ZeroShot told = ask(server);
  ASSERT_EQ(told.scores.size(), 8u);
  EXPECT_THAT(told.scores[4], ElementsAre(1, 0));
  EXPECT_THAT(told.scores[0], ElementsAre(0, 0)) << "nothing was told";
  EXPECT_THAT(told.unanswered,
              ElementsAre(AllOf(HasSubstr("/t0: "), HasSubstr("polka")), AllOf(HasSubstr("/t1: "), HasSubstr("too long"))));
  EXPECT_GT(told.tokens, 10);

  const std::size_t asked = server.bodies().size();
  config_.chat.replay = true;
  EXPECT_EQ(ask(server).scores, told.scores);
  EXPECT_EQ(server.bodies().size(), asked) << "the log has every answer, failures too";
}

TEST_F(ZeroShotTest, APieceThatCannotBeToldIsNotAskedAbout) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    response.set_content(completion("{\"genre\": \"reel\"}"), "application/json");
  });
  midi::write_midi(midi::Score{}, task_.parts.test[2].file);
  midi::Score odd = tune(60);
  odd.time_signatures = {{.time = {}, .numerator = 1, .denominator = 1 << 30}};
  midi::write_midi(odd, task_.parts.test[5].file);
  const ZeroShot told = ask(server);
  EXPECT_EQ(server.bodies().size(), 6u);
  EXPECT_THAT(told.unanswered, ElementsAre(AllOf(HasSubstr("/t2: "), HasSubstr("t2.mid: has no notes")),
                                           AllOf(HasSubstr("/t5: "), HasSubstr("t5.mid: bars of 1/1073741824"))));
  EXPECT_THAT(told.scores[2], ElementsAre(0, 0));
  EXPECT_THAT(told.scores[3], ElementsAre(0, 1));
}

TEST_F(ZeroShotTest, AServerThatAnswersNothingStopsTheWork) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    response.status = 401;
    response.set_content("{\"error\": {\"message\": \"wrong key\"}}", "application/json");
  });
  EXPECT_THAT(error_of([&] { ask(server); }), AllOf(HasSubstr("wrong key"), HasSubstr("requests.jsonl"), Not(HasSubstr("no error"))));
}

}  // namespace
}  // namespace midillama::classes
