// A device whose memory the host may not read (support/device_backend.h) gives a note the heat that the processor gives it.
#include "eval/tiny_world.h"
#include "midillama/explain/explanation.h"
#include "support/device_backend.h"

#include <gtest/gtest.h>

namespace midillama::explain {
namespace {

TEST(DeviceExplain, HeatIsTheProcessors) {
  const eval::TinyWorld world;
  const auto clip = midi::read_midi(world.path("data/clips/test-0.mid"));
  const auto heat_on = [&](torch::Device device) {
    generate::Session session(world.config, world.path("checkpoint"), device);
    return explain(session, clip, {.messages = {{text::Role::user, "Which dance is it?"}}}, "It is a reel.");
  };
  const Explanation expected = heat_on(torch::kCPU), found = heat_on(testing_support::strict_device());
  EXPECT_NEAR(found.log_probability, expected.log_probability, 1e-4);
  ASSERT_EQ(found.notes.size(), expected.notes.size());
  for (std::size_t i = 0; i < found.notes.size(); ++i) {
    EXPECT_NEAR(found.notes[i].gradient, expected.notes[i].gradient, 1e-5);
    EXPECT_NEAR(found.notes[i].left_out, expected.notes[i].left_out, 1e-5);
  }
}

}  // namespace
}  // namespace midillama::explain
