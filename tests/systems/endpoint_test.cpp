#include "systems/endpoint.h"

#include "eval/tiny_world.h"
#include "midillama/chat/client.h"
#include "midillama/systems/answerer.h"
#include "support/error_of.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace midillama::systems {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::error_of;
using testing_support::ScriptedServer;

std::string completion(const std::string& content, const std::string& finish = "stop") {
  const Json message = {{"role", "assistant"}, {"content", content}};
  return Json({{"choices", {{{"index", 0}, {"message", message}, {"finish_reason", finish}}}}}).dump();
}

// What the last message asks, back.
std::string asked_in(const std::string& body) {
  const std::string last = Json::parse(body).at("messages").back().at("content");
  return last.substr(last.rfind('\n') + 1);
}

void answer_well(std::size_t, const httplib::Request& request, httplib::Response& response) {
  response.set_content(completion(" You ask: " + asked_in(request.body) + "\n"), "application/json");
}

// A dataset, and nothing of what models need.
class EndpointTest : public testing::Test {
 protected:
  EndpointTest() {
    world.config.system = "endpoint";
    world.config.chat.model = "m";
    world.config.chat.api_key_env = "";
    world.config.chat.tries = 3;
    world.config.prompt.notes = "note-list";
    world.config.llm.path = world.config.music_encoder.path = world.path("nowhere");
  }
  // Of these questions, as a new run of the program answers them.
  Answers ask(const std::string& server, const std::vector<records::Question>& questions, const char* kind = "true") {
    world.config.chat.endpoint = server + "/v1";
    Resources resources(world.config, "", "test", torch::kCPU, *group);
    return kind_from_name(kind).make(resources)->answer(questions);
  }
  std::string fingerprint(const char* kind = "true") {
    Resources resources(world.config, "", "test", torch::kCPU, *group);
    return kind_from_name(kind).make(resources)->fingerprint();
  }
  std::vector<records::Question> questions() const { return records::read_questions(world.config.data.dir, "test"); }

  eval::TinyWorld world;
  std::unique_ptr<parallel::ProcessGroup> group = parallel::ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(10));
};

TEST_F(EndpointTest, TheClipThenTheConversation) {
  ScriptedServer server(answer_well);
  auto question = questions()[0];
  question.earlier = {{"How many notes?", "Sixteen."}};
  world.config.generate.temperature = 0.5;
  world.config.run.seed = 7;
  EXPECT_THAT(ask(server.url(), {question}).texts, testing::ElementsAre("You ask: Which dance is it?"));
  const Json sent = Json::parse(server.bodies().at(0));
  EXPECT_EQ(sent["model"], "m");
  EXPECT_EQ(sent["temperature"], 0.5);
  EXPECT_EQ(sent["max_tokens"], 6);
  EXPECT_EQ(sent["seed"], 7);
  EXPECT_FALSE(sent.contains("response_format"));
  const Json& messages = sent["messages"];
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0], Json({{"role", "system"}, {"content", instructions("note-list")}}));
  EXPECT_EQ(messages[1]["role"], "user");
  EXPECT_THAT(messages[1]["content"].get<std::string>(),
              AllOf(StartsWith("meter 4/4, tempo 120\nbar 1: 0 E2 0.42, "), HasSubstr("\n\nHow many notes?"), Not(HasSubstr("\n\n\n"))));
  EXPECT_EQ(messages[2], Json({{"role", "assistant"}, {"content", "Sixteen."}}));
  EXPECT_EQ(messages[3], Json({{"role", "user"}, {"content", "Which dance is it?"}}));
}

TEST_F(EndpointTest, WithoutTheClipNothingIsSaidOfIt) {
  ScriptedServer server(answer_well);
  ask(server.url(), {questions()[0]}, "none");
  const Json messages = Json::parse(server.bodies().at(0))["messages"];
  EXPECT_EQ(messages[0]["content"], "You are asked about a clip of music. Answer in one or two sentences.");
  EXPECT_EQ(messages[1]["content"], "Which dance is it?");
  EXPECT_EQ(instructions("abc"),
            "You are asked about a clip of music. The clip comes before the question, in ABC notation. Answer in one or two sentences.");
  world.config.prompt.system = "Be brief.";
  ask(server.url(), {questions()[0]}, "none");
  EXPECT_EQ(Json::parse(server.bodies().at(1))["messages"][0]["content"], "Be brief.");
}

TEST_F(EndpointTest, ClipsHaveTheirBudgetAtFourCharactersAToken) {
  ScriptedServer server(answer_well);
  world.config.prompt.notes_tokens = 40;
  ask(server.url(), {questions()[0]});
  const std::string first = Json::parse(server.bodies().at(0))["messages"][1]["content"];
  EXPECT_THAT(first, AllOf(HasSubstr("bar 1: "), Not(HasSubstr("bar 2: ")), HasSubstr("0.42\n\nWhich dance is it?")));
}

TEST_F(EndpointTest, ItsTokensAreNotKnownHere) {
  Resources resources(world.config, "", "test", torch::kCPU, *group);
  EXPECT_EQ(kind_from_name("true").make(resources)->clip_tokens(questions()), std::nullopt);
  EXPECT_FALSE(kind_from_name("true").is_a_model_here(world.config));
  EXPECT_FALSE(kind_from_name("most-frequent").is_a_model_here(world.config));
  EXPECT_TRUE(kind_from_name("zero-shot").is_a_model_here(world.config));
  world.config.system = "midillama";
  EXPECT_TRUE(kind_from_name("true").is_a_model_here(world.config));
}

TEST_F(EndpointTest, NothingIsAskedTwiceAndAReplayNeedsNoServer) {
  Answers first;
  {
    ScriptedServer server(answer_well);
    first = ask(server.url(), questions());
    EXPECT_EQ(server.bodies().size(), 18u);
    EXPECT_EQ(ask(server.url(), questions()).texts, first.texts);
    EXPECT_EQ(server.bodies().size(), 18u);
    ask(server.url(), questions(), "none");
    EXPECT_EQ(server.bodies().size(), 21u) << "of all clips the same three questions";
  }
  world.config.chat.replay = true;
  EXPECT_EQ(ask("http://127.0.0.1:1", questions()).texts, first.texts);
  EXPECT_EQ(ask("http://127.0.0.1:1", questions(), "shuffled").missing, 0u) << "each clip was asked about with each question";
  world.config.generate.max_new_tokens = 7;
  EXPECT_THAT(error_of([&] { ask("http://127.0.0.1:1", questions()); }), HasSubstr("never made"));
}

TEST_F(EndpointTest, ACutAnswerIsOne) {
  ScriptedServer server([](std::size_t, const httplib::Request&, httplib::Response& response) {
    response.set_content(completion("It is a reel in", "length"), "application/json");
  });
  const Answers answers = ask(server.url(), {questions()[0]});
  EXPECT_THAT(answers.texts, testing::ElementsAre("It is a reel in"));
  EXPECT_EQ(answers.missing, 0u);
  EXPECT_EQ(server.bodies().size(), 1u);
}

TEST_F(EndpointTest, ABusyServerIsAskedAgain) {
  std::multiset<std::string> answered;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    response.set_header("Retry-After", "0");
    if (number % 3 == 1) return void(response.status = 429);
    if (number % 5 == 2) return void(response.status = 500);
    answered.insert(request.body);
    answer_well(number, request, response);
  });
  world.config.chat.tries = 10;
  const Answers answers = ask(server.url(), questions());
  EXPECT_EQ(answers.missing, 0u);
  EXPECT_EQ(answered.size(), 18u);
  for (const std::string& body : answered) EXPECT_EQ(answered.count(body), 1u);
}

TEST_F(EndpointTest, AQuestionThatFailsIsAnsweredWithNothingAndAskedAgain) {
  std::atomic<bool> is_strict = true;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    if (is_strict && asked_in(request.body) == "Which key is it in?") return void(response.status = 400);
    answer_well(number, request, response);
  });
  const Answers answers = ask(server.url(), questions());
  EXPECT_EQ(answers.missing, 6u);
  EXPECT_EQ(answers.texts[1], "");
  EXPECT_EQ(answers.texts[2], "You ask: Describe the tune.");
  const std::size_t before = server.bodies().size();
  world.config.chat.replay = true;
  EXPECT_EQ(ask("http://127.0.0.1:1", questions()).texts, answers.texts) << "a replay fails alike";
  world.config.chat.replay = false;
  is_strict = false;
  EXPECT_EQ(ask(server.url(), questions()).missing, 0u);
  EXPECT_EQ(server.bodies().size(), before + 6);
}

TEST_F(EndpointTest, AServerThatIsGoneSaysHowToGoOn) {
  std::atomic<std::size_t> answered = 0;
  std::atomic<bool> is_well = false;
  ScriptedServer server([&](std::size_t number, const httplib::Request& request, httplib::Response& response) {
    response.set_header("Retry-After", "0");
    if (!is_well && answered >= 7) return void(response.status = 503);
    ++answered;
    answer_well(number, request, response);
  });
  EXPECT_THAT(error_of([&] { ask(server.url(), questions()); }),
              AllOf(HasSubstr("status 503"), HasSubstr("requests.jsonl: the same command goes on from there")));
  is_well = true;
  EXPECT_EQ(ask(server.url(), questions()).missing, 0u);
  EXPECT_EQ(answered, 18u);
  world.config.generate.max_new_tokens = 7;
  EXPECT_THAT(error_of([&] { ask("http://127.0.0.1:1", questions()); }), HasSubstr("goes on from there"));
}

TEST_F(EndpointTest, ItsFingerprintIsOfWhatItIsAskedAndOfTheModel) {
  world.config.chat.endpoint = "http://one/v1";
  const std::string before = fingerprint();
  const auto changed = [&](auto& setting, auto value) {
    const auto old = std::exchange(setting, value);
    const std::string now = fingerprint();
    setting = old;
    return now != before;
  };
  EXPECT_FALSE(changed(world.config.chat.endpoint, "http://another/v1"));
  EXPECT_FALSE(changed(world.config.llm.path, world.path("llama")));
  EXPECT_FALSE(changed(world.config.generate.batch_size, 3));
  EXPECT_TRUE(changed(world.config.chat.model, "n"));
  EXPECT_TRUE(changed(world.config.prompt.notes_tokens, 100));
  EXPECT_TRUE(changed(world.config.prompt.grid, 4));
  EXPECT_TRUE(changed(world.config.prompt.system, "Be brief."));
  EXPECT_TRUE(changed(world.config.generate.temperature, 0.5));
  EXPECT_TRUE(changed(world.config.generate.max_new_tokens, 7));
  EXPECT_TRUE(changed(world.config.run.seed, 9));
  eval::TinyWorld::write_clip(world.path("data/clips/test-0.mid"), 30);
  EXPECT_NE(fingerprint(), before);
}

}  // namespace
}  // namespace midillama::systems
