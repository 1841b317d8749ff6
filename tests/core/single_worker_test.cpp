#include "midillama/core/single_worker.h"

#include "midillama/core/error.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace midillama {
namespace {

TEST(SingleWorker, DoesOneThingAtATimeOnOneThreadAndGivesWhatComesOfIt) {
  SingleWorker worker;
  const auto thread = worker.run([] { return std::this_thread::get_id(); });
  EXPECT_NE(thread, std::this_thread::get_id());
  std::atomic<int> inside = 0, sum = 0;
  std::vector<std::thread> askers;
  for (int i = 1; i <= 20; ++i) {
    askers.emplace_back([&, i] {
      sum += worker.run([&] {
        EXPECT_EQ(++inside, 1);
        EXPECT_EQ(std::this_thread::get_id(), thread);
        --inside;
        return i;
      });
    });
  }
  for (auto& asker : askers) asker.join();
  EXPECT_EQ(sum, 210);
}

TEST(SingleWorker, WhatIsThrownReachesWhoAskedAndEndsNothing) {
  SingleWorker worker;
  EXPECT_THROW(worker.run([]() -> int { throw UsageError("no"); }), UsageError);
  EXPECT_EQ(worker.run([] { return 1; }), 1);
}

}  // namespace
}  // namespace midillama
