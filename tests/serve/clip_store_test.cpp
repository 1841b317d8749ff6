#include "midillama/serve/clip_store.h"

#include <gtest/gtest.h>

#include <set>

namespace midillama::serve {
namespace {

midi::Score score_of(int notes) {
  midi::Score score;
  score.instruments.push_back({0, false, "piano", {}});
  for (int i = 0; i < notes; ++i) score.instruments[0].notes.push_back({{i * 10}, {i * 10 + 5}, 60, 64});
  return score;
}

TEST(ClipStore, AClipIsFoundByAnIdOfItsOwn) {
  ClipStore store({});
  const auto first = store.add("one", score_of(3)), second = store.add("one", score_of(3));
  EXPECT_EQ(store.find(first->id), first);
  EXPECT_EQ(store.find(second->id), second);
  EXPECT_EQ(first->name, "one");
  EXPECT_EQ(store.find("clip-0"), nullptr);
  EXPECT_EQ(store.find(""), nullptr);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(store.add("", score_of(1))->id);
  EXPECT_EQ(ids.size(), 100u);
  EXPECT_EQ(ids.begin()->size(), std::string("clip-").size() + 32);
}

TEST(ClipStore, TheOneThatWasLeastRecentlyAskedForGoes) {
  ClipStore store({}, {.clips = 2, .events = 1000});
  const auto first = store.add("first", score_of(1)), second = store.add("second", score_of(1));
  store.find(first->id);
  const auto third = store.add("third", score_of(1));
  EXPECT_NE(store.find(first->id), nullptr);
  EXPECT_EQ(store.find(second->id), nullptr);
  EXPECT_NE(store.find(third->id), nullptr);
}

TEST(ClipStore, NotesAreBoundedExceptThoseOfTheNewest) {
  ClipStore store({}, {.clips = 10, .events = 25});
  const auto small = store.add("small", score_of(10)), other = store.add("other", score_of(10));
  EXPECT_NE(store.find(small->id), nullptr);
  const auto large = store.add("large", score_of(100));
  EXPECT_EQ(store.find(small->id), nullptr);
  EXPECT_EQ(store.find(other->id), nullptr);
  EXPECT_NE(store.find(large->id), nullptr);
  const auto next = store.add("next", score_of(10));
  EXPECT_EQ(store.find(large->id), nullptr);
  EXPECT_NE(store.find(next->id), nullptr);
}

TEST(ClipStore, ExamplesStayAndGetIds) {
  ClipStore store({{.id = {}, .name = "a tune", .score = score_of(5)}}, {.clips = 1, .events = 1});
  for (int i = 0; i < 5; ++i) store.add("", score_of(5));
  ASSERT_EQ(store.examples().size(), 1u);
  EXPECT_EQ(store.examples()[0]->name, "a tune");
  EXPECT_EQ(store.find(store.examples()[0]->id), store.examples()[0]);
}

TEST(ClipStore, LyricsAreNotKept) {
  ClipStore store({});
  auto score = score_of(1);
  score.lyrics.push_back({{0}, "la"});
  EXPECT_TRUE(store.add("song", score)->score.lyrics.empty());
}

}  // namespace
}  // namespace midillama::serve
