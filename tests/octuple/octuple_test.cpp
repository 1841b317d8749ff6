#include "midillama/octuple/octuple.h"

#include "midillama/core/file.h"
#include "midillama/core/random.h"
#include "midillama/midi/file.h"
#include "midillama/octuple/file.h"
#include "midillama/octuple/vocabulary.h"
#include "octuple/timeline.h"
#include "octuple_json.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace midillama::octuple {
namespace {

using midi::Tick;
using testing::HasSubstr;
using testing_support::error_of;

midi::Score score_of(std::vector<midi::Note> notes) {
  midi::Score score;
  score.instruments = {{0, false, "", std::move(notes)}};
  return score;
}

TEST(NearestPosition, RoundsHalvesToEven) {
  EXPECT_EQ(nearest_position(Tick{1}, 32), 0);  // 0.5
  EXPECT_EQ(nearest_position(Tick{3}, 32), 2);  // 1.5
  EXPECT_EQ(nearest_position(Tick{5}, 32), 2);  // 2.5
  EXPECT_EQ(nearest_position(Tick{4}, 7), 9);   // 9.14
  EXPECT_EQ(nearest_position(midi::kMaxTick, 1), midi::kMaxTick.value * 16);
}

TEST(Encode, SortsFieldByField) {
  midi::Score score = score_of({{Tick{480}, Tick{960}, 60, 64}, {Tick{0}, Tick{480}, 62, 64}, {Tick{0}, Tick{240}, 62, 127}});
  score.instruments.push_back({0, true, "", {{Tick{0}, Tick{1}, 35, 4}}});
  EXPECT_EQ(encode(score),
            (std::vector<Octuple>{
                {0, 0, 0, 62, 8, 31, 9, 35}, {0, 0, 0, 62, 16, 16, 9, 35}, {0, 0, 128, 163, 0, 1, 9, 35}, {0, 16, 0, 60, 16, 16, 9, 35}}));
}

TEST(Encode, NoNotesGiveNoOctuples) {
  EXPECT_TRUE(encode(midi::Score{}).empty());
}

TEST(Encode, SaysHowManyNotesLieBehindTheTimeline) {
  testing::internal::CaptureStderr();
  const auto octuples = encode(score_of({{Tick{0}, Tick{10}, 60, 64}, {Tick{65'536 * 30}, Tick{65'537 * 30}, 60, 64}}));
  EXPECT_EQ(octuples.size(), 1u);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("behind position 65536 (quarter note 4096): 1"));
}

// What `data check` finds good, training takes.
TEST(Encode, AFileWhoseNotesAllLieBehindTheTimelineIsNamed) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "late.mid";
  midi::write_midi(score_of({{Tick{65'536 * 30}, Tick{65'537 * 30}, 60, 64}}), file);
  testing::internal::CaptureStderr();
  EXPECT_THAT(error_of([&] { require_notes(file); }), HasSubstr("late.mid: has notes behind OctupleMIDI's last position only"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("late.mid: notes left out"));
}

TEST(Encode, RefusesWhatHasNoOctuples) {
  const midi::Note note{Tick{0}, Tick{10}, 60, 64};
  midi::Score smpte = score_of({note});
  smpte.smpte = midi::SmpteDivision{};
  EXPECT_THROW(encode(smpte), OctupleError);
  midi::Score meter = score_of({note});
  meter.time_signatures = {{Tick{0}, 3, 128}};
  EXPECT_THROW(encode(meter), OctupleError);
  midi::Score resolution = score_of({note});
  resolution.ticks_per_quarter = 0;
  EXPECT_THROW(encode(resolution), OctupleError);
  EXPECT_THROW(encode(score_of({{Tick{10}, Tick{9}, 60, 64}})), OctupleError);
  EXPECT_THROW(encode(score_of({{Tick{-1}, Tick{9}, 60, 64}})), OctupleError);
  EXPECT_THROW(encode(score_of({{Tick{0}, midi::kMaxTick + Tick{1}, 60, 64}})), OctupleError);
  EXPECT_THROW(encode(score_of({{Tick{0}, Tick{9}, 128, 64}})), OctupleError);
}

TEST(Windows, HoldAtMostThousandNotes) {
  std::vector<Octuple> octuples;
  for (int i = 0; i < 2500; ++i) octuples.push_back({i / 100, i % 100, 0, 60, 0, 0, 9, 35});
  const auto parts = windows(octuples);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].size(), 1000u);
  EXPECT_EQ(parts[1].size(), 1000u);
  EXPECT_EQ(parts[2].size(), 500u);
  EXPECT_EQ(parts[2].front(), (Octuple{0, 0, 0, 60, 0, 0, 9, 35}));
  EXPECT_EQ(parts[2].back(), (Octuple{4, 99, 0, 60, 0, 0, 9, 35}));
}

TEST(Windows, HoldAtMost256Bars) {
  std::vector<Octuple> octuples;
  for (const int bar : {3, 258, 259, 514, 60'000}) octuples.push_back({bar, 0, 0, 60, 0, 0, 9, 35});
  const auto parts = windows(octuples);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(to_json(parts[0]), Json::parse("[[0,0,0,60,0,0,9,35],[255,0,0,60,0,0,9,35]]"));
  EXPECT_EQ(to_json(parts[1]), Json::parse("[[0,0,0,60,0,0,9,35],[255,0,0,60,0,0,9,35]]"));
  EXPECT_EQ(to_json(parts[2]), Json::parse("[[0,0,0,60,0,0,9,35]]"));
  EXPECT_TRUE(windows({}).empty());
}

// Notes of one meter a bar, all over the field ranges.
std::vector<Octuple> random_octuples(Random& random) {
  std::vector<Octuple> octuples;
  const auto below = [&](int bound) { return static_cast<int>(random.below(static_cast<std::uint64_t>(bound))); };
  for (int bar = below(4); octuples.size() < 150; bar += below(3)) {
    const int meter = octuples.empty() || octuples.back().bar != bar ? below(254) : octuples.back().time_signature;
    const int position = below(bar_positions(meter));
    const auto same_place =
        std::find_if(octuples.begin(), octuples.end(), [&](const Octuple& o) { return o.bar == bar && o.position == position; });
    const int tempo = same_place == octuples.end() ? below(49) : same_place->tempo;
    const bool drum = below(4) == 0;
    octuples.push_back({bar, position, drum ? 128 : below(128), below(128) + (drum ? 128 : 0), below(128), below(32), meter, tempo});
  }
  std::sort(octuples.begin(), octuples.end());
  return octuples;
}

TEST(Decode, GivesAScoreThatEncodesToTheSame) {
  Random random(2);
  for (int round = 0; round < 300; ++round) {
    const auto octuples = random_octuples(random);
    const midi::Score score = decode(octuples);
    ASSERT_EQ(to_json(encode(score)), to_json(octuples));
    ASSERT_EQ(to_json(encode(midi::parse_midi(midi::to_midi(score), "written"))), to_json(octuples));
  }
}

TEST(Decode, ABarHasTheMeterOfMostOfItsNotes) {
  const std::vector<Octuple> octuples = {
      {1, 0, 0, 60, 0, 0, 9, 35}, {1, 1, 0, 60, 0, 0, 8, 35}, {1, 2, 0, 60, 0, 0, 8, 35}, {3, 0, 0, 60, 0, 0, 7, 35}};
  const midi::Score score = decode(octuples);
  EXPECT_EQ(score.time_signatures, (std::vector<midi::TimeSignature>{{Tick{0}, 4, 4}, {Tick{1920}, 3, 4}, {Tick{1920 + 2 * 1440}, 2, 4}}));
}

TEST(Decode, NoOctuplesGiveAnEmptyScore) {
  EXPECT_EQ(decode({}), midi::Score{});
}

TEST(Decode, RefusesCodesOutOfRange) {
  const Octuple good{0, 0, 0, 60, 0, 0, 9, 35};
  EXPECT_NO_THROW(decode(std::vector<Octuple>{good}));
  for (const Octuple& bad : std::vector<Octuple>{{-1, 0, 0, 60, 0, 0, 9, 35},
                                                 {65'536, 0, 0, 60, 0, 0, 9, 35},
                                                 {0, 128, 0, 60, 0, 0, 9, 35},
                                                 {0, 0, 129, 160, 0, 0, 9, 35},
                                                 {0, 0, 0, 128, 0, 0, 9, 35},
                                                 {0, 0, 128, 127, 0, 0, 9, 35},
                                                 {0, 0, 0, 60, 128, 0, 9, 35},
                                                 {0, 0, 0, 60, 0, 32, 9, 35},
                                                 {0, 0, 0, 60, 0, 0, 254, 35},
                                                 {0, 0, 0, 60, 0, 0, 9, 49}}) {
    EXPECT_THROW(decode(std::vector<Octuple>{good, bad}), OctupleError) << to_words(bad);
  }
}

}  // namespace
}  // namespace midillama::octuple
