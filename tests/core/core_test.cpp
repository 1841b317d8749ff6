#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/core/parallel_for.h"
#include "midillama/core/process.h"
#include "midillama/core/random.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <numeric>

namespace midillama {
namespace {

TEST(Random, IsSplitMix64) {
  Random random(1234567);  // the published sequence for this seed
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
}

TEST(Random, BelowIsUniform) {
  Random random(1);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(Random, StateContinues) {
  Random a(5);
  a.next();
  Random b(0);
  b.set_state(a.state());
  EXPECT_EQ(a.next(), b.next());
}

TEST(Random, ShuffleIsAPermutationThatTheSeedDecides) {
  std::vector<int> a(100), b(100);
  std::iota(a.begin(), a.end(), 0);
  std::iota(b.begin(), b.end(), 0);
  Random(3).shuffle<int>(a);
  Random(3).shuffle<int>(b);
  EXPECT_EQ(a, b);
  EXPECT_FALSE(std::is_sorted(a.begin(), a.end()));
  std::sort(a.begin(), a.end());
  EXPECT_EQ(a.back(), 99);
  EXPECT_EQ(std::unique(a.begin(), a.end()), a.end());
}

TEST(Random, SeedsDifferByPurposeAndIndex) {
  EXPECT_NE(seed_for(1, "a"), seed_for(1, "b"));
  EXPECT_NE(seed_for(1, "a", 1), seed_for(1, "a", 2));
  EXPECT_EQ(seed_for(1, "a", 1), seed_for(1, "a", 1));
}

TEST(Process, GivesOutputErrorsAndStatus) {
  const ProcessResult result = run_process({"sh", "-c", "printf out; printf err >&2; exit 3"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.output, "out");
  EXPECT_EQ(result.error_output, "err");
  EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}).status, 137);
}

TEST(Process, RunsInTheGivenFolder) {
  EXPECT_EQ(run_process({"pwd"}, {.working_directory = "/usr"}).output, "/usr\n");
}

TEST(Process, TakesNoMoreThanItMay) {
  EXPECT_EQ(run_process({"sh", "-c", "while :; do :; done"}, {.cpu_seconds = 1}).status, 128 + SIGXCPU);
  EXPECT_NE(run_process({"sh", "-c", "head -c 200000000 /dev/zero | tail -n 1 | wc -c"}, {.memory = 64 << 20}).output, "200000000\n");
  EXPECT_EQ(run_process({"sh", "-c", "echo \"$(ulimit -t) $(ulimit -v)\""}, {.cpu_seconds = 7, .memory = 64 << 20}).output, "7 65536\n");
}

TEST(Process, MissingProgramIsNamed) {
  try {
    run_process({"no-such-program-anywhere"});
    FAIL() << "started";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no-such-program-anywhere"));
  }
}

TEST(ParallelFor, DoesEveryItemOnce) {
  std::vector<std::atomic<int>> done(1000);
  parallel_for(
      done.size(), [&](std::size_t i) { ++done[i]; }, 4);
  for (const auto& count : done) EXPECT_EQ(count, 1);
  parallel_for(0, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, ThrowsTheFirstErrorAgain) {
  EXPECT_THROW(parallel_for(
                   100,
                   [](std::size_t i) {
                     if (i == 50) throw Error("fifty");
                   },
                   4),
               Error);
}

TEST(Log, LevelsHaveNames) {
  EXPECT_EQ(log::level_from_name("warning"), log::Level::warning);
  EXPECT_THROW(log::level_from_name("loud"), UsageError);
}

}  // namespace
}  // namespace midillama
