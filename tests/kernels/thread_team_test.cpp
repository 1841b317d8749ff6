#include "midillama/kernels/thread_team.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <numeric>

namespace midillama::kernels {
namespace {

using testing::Each;

// How often each task of `rounds` rounds was run.
std::vector<int> runs(ThreadTeam& team, std::int64_t count, int rounds) {
  std::vector<std::atomic<int>> times(static_cast<std::size_t>(count));
  for (int round = 0; round < rounds; ++round) {
    team.run(count, [&](std::int64_t i) { ++times[static_cast<std::size_t>(i)]; });
  }
  return {times.begin(), times.end()};
}

class ThreadTeams : public testing::TestWithParam<int> {};

TEST_P(ThreadTeams, RunEveryTaskOnceARound) {
  ThreadTeam team(GetParam());
  EXPECT_EQ(team.threads(), GetParam());
  for (const std::int64_t count : {1, 2, 3, 17, 300}) EXPECT_THAT(runs(team, count, 2000), Each(2000)) << count;
  EXPECT_THAT(runs(team, ThreadTeam::kMostTasks, 3), Each(3));
  EXPECT_THAT(runs(team, 0, 3), Each(3));
}

TEST_P(ThreadTeams, WakeUpAfterAPause) {
  ThreadTeam team(GetParam());
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(runs(team, 50, 1), Each(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST_P(ThreadTeams, TasksOfTasksAndOtherThreadsCallsRunToo) {
  ThreadTeam team(GetParam());
  std::atomic<int> inner{0};
  const auto work = [&] { team.run(8, [&](std::int64_t) { team.run(5, [&](std::int64_t) { ++inner; }); }); };
  {
    std::jthread other([&] {
      for (int i = 0; i < 200; ++i) work();
    });
    for (int i = 0; i < 200; ++i) work();
  }
  EXPECT_EQ(inner, 2 * 200 * 8 * 5);
}

TEST_P(ThreadTeams, ThrowWhatATaskThrewAfterAllOfThem) {
  ThreadTeam team(GetParam());
  std::atomic<int> done{0};
  const auto failing = [&](std::int64_t i) {
    if (i == 3) throw Error("the third");
    ++done;
  };
  EXPECT_THROW(team.run(10, failing), Error);
  EXPECT_EQ(done, team.threads() > 1 ? 9 : 3);
  EXPECT_THAT(runs(team, 10, 5), Each(5)) << "afterwards";
}

TEST_P(ThreadTeams, ShareRangesWholly) {
  ThreadTeam team(GetParam());
  for (const std::int64_t total : {0, 1, 11, 12, 100, 1000}) {
    for (const std::int64_t unit : {1, 12, 48}) {
      std::vector<int> times(static_cast<std::size_t>(total));
      const auto take = [&](std::int64_t first, std::int64_t count) {
        EXPECT_TRUE(first % unit == 0);
        for (std::int64_t i = first; i < first + count; ++i) ++times[static_cast<std::size_t>(i)];
      };
      share_range(&team, total, {.least = 5, .unit = unit}, take);
      EXPECT_THAT(times, Each(1)) << total << " by " << unit;
    }
  }
  share_range(nullptr, 7, {}, [](std::int64_t first, std::int64_t count) { EXPECT_EQ(std::pair(first, count), std::pair(0L, 7L)); });
}

INSTANTIATE_TEST_SUITE_P(OfThreads, ThreadTeams, testing::Values(1, 2, 5));

}  // namespace
}  // namespace midillama::kernels
