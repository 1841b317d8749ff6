#include "midillama/serve/chat.h"

#include "eval/tiny_world.h"
#include "midillama/core/error.h"
#include "midillama/generate/generator.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace midillama::serve {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

struct ChatTest : testing::Test {
  std::string clip(int number) const { return world.path("data/clips/test-" + std::to_string(number) + ".mid"); }

  // What the model says to this, all at once.
  std::string answer_to(const text::Conversation& conversation, const midi::Score& heard) {
    const std::vector<model::MusicText> prompt = {session.encode(conversation, session.hear(heard).music)};
    return session.decode(generate::generate(session.model, prompt, session.sampling).at(0).token_ids);
  }
  std::string answer_to(const std::string& question, const midi::Score& heard) {
    return answer_to({.messages = {{text::Role::user, question}}}, heard);
  }

  // What is printed.
  std::string take(const std::string& line) {
    printed.str("");
    goes_on = chat.take(line);
    return printed.str();
  }

  eval::TinyWorld world;
  generate::Session session{world.config, world.path("checkpoint"), torch::kCPU};
  std::ostringstream printed;
  int tokens_until_interrupt = -1;
  bool goes_on = true;
  Chat chat{session, printed, [this] { return tokens_until_interrupt > 0 && --tokens_until_interrupt == 0; }};
};

TEST_F(ChatTest, AQuestionIsAnsweredAsGenerateAnswersIt) {
  chat.hear(clip(0));
  const std::string expected = answer_to("Which dance is it?", midi::read_midi(clip(0)));
  ASSERT_NE(expected, "");
  EXPECT_EQ(take("  Which dance is it?  "), expected + "\n");
  EXPECT_EQ(take(""), "");
  EXPECT_EQ(chat.conversation().messages.size(), 2u);
}

TEST_F(ChatTest, WhatWasSaidBelongsToTheNextQuestion) {
  chat.hear(clip(0));
  take("Which dance is it?");
  text::Conversation so_far = chat.conversation();
  so_far.messages.push_back({text::Role::user, "Which key is it in?"});
  EXPECT_EQ(take("Which key is it in?"), answer_to(so_far, midi::read_midi(clip(0))) + "\n");
  EXPECT_EQ(chat.conversation().messages.size(), 4u);
  take("/reset");
  EXPECT_EQ(take("Which key is it in?"), answer_to("Which key is it in?", midi::read_midi(clip(0))) + "\n");
}

TEST_F(ChatTest, AnotherFileOrPartBeginsAnew) {
  chat.hear(clip(0));
  take("Which dance is it?");
  take("/midi " + clip(1));
  EXPECT_EQ(take("Which dance is it?"), answer_to("Which dance is it?", midi::read_midi(clip(1))) + "\n");
  const auto part = midi::part_of(midi::read_midi(clip(1)), {.start = 1, .duration = 2.5});
  ASSERT_LT(part.note_count(), midi::read_midi(clip(1)).note_count());
  for (const char* command : {"/clip 1-3.5", "/clip  1 - 3.5"}) {
    take(command);
    EXPECT_EQ(take("Which dance is it?"), answer_to("Which dance is it?", part) + "\n") << command;
  }
  take("/clip");
  EXPECT_EQ(take("Which dance is it?"), answer_to("Which dance is it?", midi::read_midi(clip(1))) + "\n");
}

TEST_F(ChatTest, AMistakeLeavesEverythingAsItWas) {
  EXPECT_THAT(error_of([&] { take("/clip 1-2"); }), HasSubstr("/midi FILE comes first"));
  chat.hear(clip(0));
  take("Which dance is it?");
  const auto said = chat.conversation().messages.size();
  EXPECT_THAT(error_of([&] { take("/midi " + world.path("no.mid")); }), HasSubstr("no.mid"));
  EXPECT_THAT(error_of([&] { take("/midi"); }), HasSubstr("/midi FILE"));
  EXPECT_THAT(error_of([&] { take("/clip 500-600"); }), AllOf(HasSubstr("test-0.mid"), HasSubstr("no notes in this part")));
  for (const char* command : {"/clip 3-1", "/clip x", "/clip 1", "/clip 1-2-3", "/clip nan-2", "/clip 1e999-"})
    EXPECT_THAT(error_of([&] { take(command); }), HasSubstr("/clip")) << command;
  EXPECT_THAT(error_of([&] { take("/mdi x"); }), AllOf(HasSubstr("no command /mdi"), HasSubstr("/midi FILE")));
  EXPECT_THAT(error_of([&] { take("/reset now"); }), HasSubstr("takes nothing behind it"));
  EXPECT_THAT(error_of([&] { take("a \xff"); }), HasSubstr("not valid UTF-8"));
  EXPECT_EQ(chat.conversation().messages.size(), said);
  EXPECT_TRUE(goes_on);
}

TEST_F(ChatTest, AnAnswerThatIsBrokenOffStaysAsFarAsItCame) {
  chat.hear(clip(0));
  tokens_until_interrupt = 3;
  const std::string shown = take("Which dance is it?");
  const std::string whole = answer_to("Which dance is it?", midi::read_midi(clip(0)));
  EXPECT_LT(shown.size(), whole.size() + 1);
  ASSERT_EQ(chat.conversation().messages.size(), 2u);
  EXPECT_EQ(chat.conversation().messages[1].text + "\n", shown);
  EXPECT_NE(take("Which key is it in?"), "\n") << "the next one goes on";
}

TEST_F(ChatTest, AConversationIsSavedOnceToAFile) {
  chat.hear(clip(0));
  take("/clip -3");
  take("Which dance is it?");
  const std::string file = world.path("said.json");
  take("/save " + file);
  const Json saved = read_json(file);
  EXPECT_EQ(saved.at("midi"), clip(0));
  EXPECT_EQ(saved.at("start"), 0.0);
  EXPECT_EQ(saved.at("duration"), 3.0);
  ASSERT_EQ(saved.at("messages").size(), 2u);
  EXPECT_EQ(saved.at("messages")[0], (Json{{"role", "user"}, {"content", "Which dance is it?"}}));
  EXPECT_EQ(saved.at("messages")[1].at("role"), "assistant");
  EXPECT_THAT(error_of([&] { take("/save " + file); }), HasSubstr("exists"));
}

TEST_F(ChatTest, OnlyWhatWasSaidIsSavedAndOnlyToAFolderThatIsThere) {
  const std::string file = world.path("said.json");
  chat.hear(clip(0));
  EXPECT_THAT(error_of([&] { take("/save " + file); }), HasSubstr("nothing was said yet"));
  take("Which dance is it?");
  EXPECT_THAT(error_of([&] { take("/save " + world.path("no/folder/said.json")); }), HasSubstr("no/folder: is no folder"));
  EXPECT_THAT(error_of([&] { take("/save -"); }), HasSubstr("the name of a new file"));
  EXPECT_FALSE(std::filesystem::exists(file) || std::filesystem::exists(world.path("no")) || std::filesystem::exists("-"));
}

TEST_F(ChatTest, AQuestionAboutNothingIsWarnedOfOnce) {
  const auto warnings = [&](const std::string& question) {
    testing::internal::CaptureStderr();
    take(question);
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(warnings("Which dance is it?"), AllOf(HasSubstr("nothing is heard"), HasSubstr("/midi FILE")));
  EXPECT_THAT(warnings("Which key is it in?"), testing::Not(HasSubstr("nothing is heard")));
}

TEST_F(ChatTest, HelpNamesEveryCommandAndQuitEnds) {
  const std::string help = take("/help");
  for (const char* command : {"/midi FILE", "/clip 10-30", "/reset", "/save FILE", "/help", "/quit"}) EXPECT_THAT(help, HasSubstr(command));
  EXPECT_TRUE(goes_on);
  take("/quit");
  EXPECT_FALSE(goes_on);
}

}  // namespace
}  // namespace midillama::serve
