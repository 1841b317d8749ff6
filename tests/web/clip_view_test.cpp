#include "midillama/web/clip_view.h"

#include "midillama/web/http_server.h"

#include <gtest/gtest.h>

namespace midillama::web {
namespace {

midi::Score score() {
  midi::Score score;
  score.tempos = {{{0}, 60}};
  score.time_signatures = {{{0}, 6, 8}};
  score.instruments.resize(2);
  score.instruments[0] = {.program = 40, .name = "Violin", .notes = {{{480}, {960}, 62, 90}, {{0}, {480}, 60, 80}}};
  score.instruments[1] = {.is_drum = true, .name = "", .notes = {{{0}, {240}, 36, 100}}};
  return score;
}

TEST(ClipView, TellsNotesBeatsAndBarsInSeconds) {
  const OrderedJson view = view_of(score());
  EXPECT_EQ(view.at("duration"), 2.0);
  EXPECT_EQ(view.at("notes"), OrderedJson::parse("[[0.0, 0.5, 36, 100, 1], [0.0, 1.0, 60, 80, 0], [1.0, 2.0, 62, 90, 0]]"));
  EXPECT_EQ(view.at("tracks").at(0), (OrderedJson{{"name", "Violin"}, {"program", 40}, {"is_drum", false}}));
  EXPECT_EQ(view.at("bars"), OrderedJson::parse("[0.0, 3.0]"));
  EXPECT_EQ(view.at("beats"), OrderedJson::parse("[0.0, 1.5]")) << "two in a bar of 6/8";
}

TEST(ClipView, WhatIsTimedInFramesHasNoBars) {
  midi::Score timed = score();
  timed.smpte = midi::SmpteDivision{};
  EXPECT_TRUE(view_of(timed).at("bars").empty());
  EXPECT_TRUE(view_of(timed).at("beats").empty());
}

}  // namespace
}  // namespace midillama::web
