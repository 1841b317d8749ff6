// A device whose memory the host may not read (support/device_backend.h) writes what the processor writes.
#include "generate/tiny_model.h"
#include "midillama/generate/generator.h"
#include "support/device_backend.h"

#include <gtest/gtest.h>

namespace midillama::generate {
namespace {

using testing_support::host_waits;
using testing_support::strict_device;

struct DeviceGenerator : testing::Test {
  // With an adapter, and rows that end one after the other.
  DeviceGenerator() {
    tiny.model->add_lora({}, 3);
    const torch::NoGradGuard no_grad;
    for (const auto& item : tiny.model->named_parameters()) {
      if (item.key().ends_with("lora_B")) item.value().fill_(0.02);
    }
  }

  std::vector<Completion> run(const SamplingOptions& options) { return generate(tiny.model, tiny.prompts(), options); }

  TinyModel tiny = load_tiny_model();
};

TEST_F(DeviceGenerator, TokensAreTheProcessors) {
  std::vector<SamplingOptions> ways;
  for (const double temperature : {0.0, 1.0}) {
    for (const std::int64_t batch_size : {1, 3, 32})
      ways.push_back({.max_new_tokens = 40, .temperature = temperature, .top_p = 0.9, .stop_ids = {46, 20}, .batch_size = batch_size});
  }
  std::vector<std::vector<Completion>> expected;
  for (const SamplingOptions& options : ways) expected.push_back(run(options));
  tiny.model->to(strict_device());
  for (std::size_t way = 0; way < ways.size(); ++way) {
    for (const bool fixed_shapes : {false, true}) {
      ways[way].fixed_shapes = fixed_shapes;
      const auto completions = run(ways[way]);
      for (std::size_t i = 0; i < completions.size(); ++i) {
        EXPECT_EQ(completions[i].token_ids, expected[way][i].token_ids) << "way " << way << ", prompt " << i << ", fixed " << fixed_shapes;
        EXPECT_EQ(completions[i].finish, expected[way][i].finish);
      }
    }
  }
}

// The chosen tokens, and nothing else.
TEST_F(DeviceGenerator, TheHostWaitsOnceAToken) {
  tiny.model->to(strict_device());
  for (const bool fixed_shapes : {false, true}) {
    for (const double temperature : {0.0, 1.0}) {
      const auto before = host_waits();
      run({.max_new_tokens = 12, .temperature = temperature, .fixed_shapes = fixed_shapes});
      EXPECT_EQ(host_waits() - before, 12) << "fixed " << fixed_shapes << ", temperature " << temperature;
    }
  }
}

}  // namespace
}  // namespace midillama::generate
