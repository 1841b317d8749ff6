#include "midillama/study/build.h"

#include "study/study_world.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace midillama::study {
namespace {

namespace fs = std::filesystem;
using testing::Each;
using testing::HasSubstr;
using testing_support::error_of;

struct BuildTest : testing::Test, StudyWorld {
  std::vector<Participant> papers_size() const { return assign(design(100, 5, 17, 2), systems(), 100); }
};

std::size_t checks_of(const Participant& participant) {
  return static_cast<std::size_t>(std::ranges::count_if(participant.items, &Item::is_check));
}

TEST_F(BuildTest, EveryClipHasFiveDifferentJudgesWhoseNumbersOfClipsDifferByOne) {
  const auto participants = papers_size();
  ASSERT_EQ(participants.size(), 17);
  std::map<std::size_t, std::set<std::string>> judges;
  std::size_t all = 0;
  for (const Participant& participant : participants) {
    const std::size_t own = participant.items.size() - checks_of(participant);
    EXPECT_TRUE(own == 29 || own == 30) << own;
    all += own;
    for (const Item& item : participant.items) {
      if (item.is_check()) continue;
      EXPECT_TRUE(judges[item.clip].insert(participant.name).second);
    }
  }
  EXPECT_EQ(all, 500);
  EXPECT_EQ(judges.size(), 100);
  for (const auto& [clip, own] : judges) EXPECT_EQ(own.size(), 5);
}

TEST_F(BuildTest, SidesOfAClipAreAsEvenAsTheyCanBe) {
  std::map<std::size_t, int> on_the_left;
  int all = 0;
  for (const Participant& participant : papers_size()) {
    for (const Item& item : participant.items) {
      if (item.is_check()) continue;
      on_the_left[item.clip] += item.left == "music" ? 1 : 0;
      all += item.left == "music" ? 1 : 0;
    }
  }
  for (const auto& [clip, count] : on_the_left) EXPECT_TRUE(count == 2 || count == 3) << count;
  EXPECT_NEAR(all, 250, 30);
}

TEST_F(BuildTest, ChecksAreBetweenTheItemsOnOtherClipsAndAskOneCriterion) {
  for (const Participant& participant : papers_size()) {
    EXPECT_EQ(checks_of(participant), 2);
    EXPECT_FALSE(participant.items[0].is_check());
    std::set<std::size_t> own;
    for (const Item& item : participant.items) {
      if (!item.is_check()) own.insert(item.clip);
    }
    for (const Item& item : participant.items) {
      EXPECT_EQ(item.criteria.size(), item.is_check() ? 1 : 5);
      EXPECT_FALSE(item.is_check() && own.contains(item.clip));
    }
  }
}

TEST_F(BuildTest, AllFollowsFromTheSeed) {
  Design made = design(20, 3, 6);
  const auto text = [&] {
    return json_text(to_json(Study{.systems = systems(), .clips = std::vector<Clip>(20), .participants = assign(made, systems(), 20)}));
  };
  made.criteria.clear();
  made.checks = 0;
  const std::string first = text();
  EXPECT_EQ(text(), first);
  made.seed = 4;
  EXPECT_NE(text(), first);
}

TEST_F(BuildTest, OrdersDifferBetweenParticipants) {
  const auto participants = assign(design(10, 4, 4, 0), systems(), 10);
  std::set<std::vector<std::size_t>> orders;
  for (const Participant& participant : participants) {
    std::vector<std::size_t> order;
    for (const Item& item : participant.items) order.push_back(item.clip);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 4);
}

TEST_F(BuildTest, ClipsAreOfAsManyPiecesAsThereAre) {
  write_dataset(20);
  const auto questions = records::read_questions(data(), "test");
  const auto captions = read_captions(systems()[0].predictions, questions);
  std::set<std::string> pieces, clips;
  for (const Clip& clip : draw_clips(design(10, 1, 1), questions, {captions, captions})) pieces.insert(clip.piece), clips.insert(clip.id);
  EXPECT_EQ(pieces.size(), 10);
  EXPECT_EQ(clips.size(), 10);
  EXPECT_THAT(error_of([&] {
                draw_clips(design(21, 1, 1), questions, {captions, captions});
              }),
              HasSubstr("20 clips have a caption of both systems"));
  auto fewer = captions;
  fewer.erase(id_of(3));
  EXPECT_THAT(error_of([&] { draw_clips(design(20, 1, 1), questions, {captions, fewer}); }), HasSubstr("19 clips"));
}

TEST_F(BuildTest, EmptyCaptionsAreLeftOut) {
  write_dataset(4);
  const auto questions = records::read_questions(data(), "test");
  std::string lines;
  for (int i = 0; i < 4; ++i) lines += json_line({{"id", id_of(i)}, {"prediction", i == 1 ? "" : i == 2 ? " \n\t\u3000" : "A reel."}});
  write_atomically(systems()[1].predictions, lines);
  testing::internal::CaptureStderr();
  EXPECT_EQ(read_captions(systems()[1].predictions, questions), (Captions{{id_of(0), "A reel."}, {id_of(3), "A reel."}}));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("text.jsonl: 2 of 4 captions are empty (the first is test-1-caption) and their clips left out"));
  EXPECT_THAT(error_of([&] { build_study(design(3, 1, 1), systems(), data(), "test", study()); }),
              HasSubstr("2 clips have a caption of both systems"));
}

TEST_F(BuildTest, CaptionsOfAnotherDatasetAreRefused) {
  write_dataset(4);
  std::string lines = read_text(data() / "test.jsonl");
  lines.replace(lines.rfind("A tune."), 7, "A reel.");
  write_atomically(data() / "test.jsonl", lines);
  EXPECT_THAT(error_of([&] { build_study(design(2, 1, 1), systems(), data(), "test", study()); }),
              testing::AllOf(HasSubstr("music.jsonl: line 4: the captions were made of another dataset"), HasSubstr("test-3-caption"),
                             HasSubstr("test.jsonl: line 4")));
  EXPECT_FALSE(fs::exists(study()));
}

TEST_F(BuildTest, TheFolderHoldsAllThatIsShown) {
  const Study built = build(design(6, 2, 3));
  const Study read = read_study(study());
  EXPECT_EQ(to_json(read), to_json(built));
  for (const Clip& clip : read.clips) {
    EXPECT_THAT(clip.texts[0], HasSubstr("told\" by music"));
    EXPECT_THAT(clip.texts[1], HasSubstr("told\" by text"));
    EXPECT_NEAR(clip.duration, kClipSeconds, 1e-3);
    const Json view = read_json(view_file(study(), clip));
    EXPECT_EQ(view.at("notes").size(), 4);
    EXPECT_EQ(midi::read_midi(view_file(study(), clip).replace_extension(".mid")).note_count(), 4);
  }
  EXPECT_TRUE(fs::exists(study() / kConsentFile));
}

TEST_F(BuildTest, KeysAreTheirOwnersAloneAndCannotBeForeseen) {
  const Study built = build(design(6, 2, 3));
  EXPECT_EQ(fs::status(study() / kKeysFile).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const Keys keys = read_keys(built, study());
  std::set<std::string> all = {keys.admin};
  for (const auto& [name, own] : keys.participants) all.insert(own.key), all.insert(own.finish_code);
  EXPECT_EQ(all.size(), 7);
  EXPECT_GE(keys.admin.size(), 26);
  EXPECT_NE(draw_keys(built).admin, draw_keys(built).admin);
  EXPECT_EQ(read_text(study() / kStudyFile).find(keys.admin), std::string::npos);
  write_atomically(study() / kKeysFile, R"({"admin": "x", "participants": {}})");
  EXPECT_THAT(error_of([&] { read_keys(built, study()); }), HasSubstr("too short"));
}

TEST_F(BuildTest, WhatCannotBeMadeIsRefusedAndLeavesNothing) {
  write_dataset(4);
  const auto error = [&](const std::array<System, 2>& given) {
    return error_of([&] { build_study(design(4, 1, 2), given, data(), "test", study()); });
  };
  EXPECT_THAT(error({systems()[0], systems()[0]}), HasSubstr("both systems are called"));
  EXPECT_THAT(error({System{"undecided", systems()[0].predictions}, systems()[1]}), HasSubstr("cannot be called"));
  EXPECT_THAT(error({systems()[0], System{"text", (folder.path() / "none.jsonl").string()}}), HasSubstr("none.jsonl"));
  write_atomically(folder.path() / "text.jsonl", "{\"id\": \"a\", \"prediction\": \"b\"}\n{\"id\": \"a\", \"prediction\": \"c\"}\n");
  EXPECT_THAT(error(systems()), HasSubstr("text.jsonl: line 2: the id \"a\" is there twice"));
  write_atomically(folder.path() / "text.jsonl", "{\"id\": \"a\", \"task\": \"qa\", \"prediction\": \"b\"}\n");
  EXPECT_THAT(error(systems()), HasSubstr("holds no captions"));
  EXPECT_FALSE(fs::exists(study()));
}

TEST_F(BuildTest, AFolderThatIsThereIsNotReplaced) {
  build(design(4, 1, 2));
  EXPECT_NE(error_of([&] { build_study(design(4, 1, 2), systems(), data(), "test", study()); }), "no error");
}

TEST_F(BuildTest, AStudyThatWasChangedIsRefusedWithThePlace) {
  const Study built = build(design(4, 1, 2));
  OrderedJson json = to_json(built);
  json["participants"][1]["items"][0]["left"] = "nobody";
  EXPECT_THAT(error_of([&] { study_from_json(Json::parse(json.dump()), "study.json"); }),
              HasSubstr("study.json: p02: items[0]: \"nobody\" is no system"));
}

}  // namespace
}  // namespace midillama::study
