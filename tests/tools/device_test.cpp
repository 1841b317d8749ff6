// What the tools read on a device whose memory the host may not read (support/device_backend.h) is what they read on the processor.
#include "eval/tiny_world.h"
#include "midillama/tools/embed.h"
#include "midillama/tools/inspect.h"
#include "midillama/tools/merge.h"
#include "midillama/weights/safetensors.h"
#include "support/device_backend.h"

#include <gtest/gtest.h>

#include <sstream>

namespace midillama::tools {
namespace {

using eval::TinyWorld;
using testing_support::strict_device;

TEST(DeviceInspect, LossesEqualTheProcessors) {
  const TinyWorld world;
  const auto run = [&](torch::Device device) {
    std::stringstream out;
    inspect(world.config, {.split = "valid", .loss = true, .checkpoint = world.path("checkpoint")}, device, out);
    std::vector<double> losses;
    for (std::string line; std::getline(out, line);) losses.push_back(Json::parse(line).at("loss").get<double>());
    return losses;
  };
  const auto expected = run(torch::kCPU), losses = run(strict_device());
  ASSERT_EQ(losses.size(), 12U);
  for (std::size_t i = 0; i < losses.size(); ++i) EXPECT_NEAR(losses[i], expected[i], 1e-4) << i;
}

TEST(DeviceEmbed, EmbeddingsEqualTheProcessors) {
  const TinyWorld world;
  const std::vector<std::filesystem::path> files = {world.path("data/clips/test-0.mid"), world.path("data/clips/test-5.mid")};
  const auto run = [&](torch::Device device) {
    embed(world.config, files, world.path("out.safetensors"), device);
    return weights::read_safetensors(world.path("out.safetensors")).at("embeddings");
  };
  const auto expected = run(torch::kCPU);
  EXPECT_TRUE(run(strict_device()).allclose(expected, 1e-5, 1e-6));
}

TEST(DeviceMerge, AMergedDecoderIsComparedThere) {
  const std::filesystem::path goldens = "tests/golden/model";
  const TemporaryDirectory folder;
  merge_adapter(goldens / "llama_gqa", goldens / "midi_llama" / "adapter", folder.path() / "out");
  const auto difference = compare_merged(goldens / "llama_gqa", goldens / "midi_llama" / "adapter", folder.path() / "out", {1, 5, 9, 30, 2},
                                         strict_device(), torch::kFloat32);
  EXPECT_LT(difference.largest, 1e-4);
}

}  // namespace
}  // namespace midillama::tools
