#include "midillama/tools/embed.h"

#include "eval/tiny_world.h"
#include "midillama/core/error.h"
#include "midillama/data/clip_embeddings.h"
#include "midillama/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::tools {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

struct EmbedTest : testing::Test {
  std::filesystem::path clip(int number) const { return world.path("data/clips/test-" + std::to_string(number) + ".mid"); }
  std::filesystem::path broken() const {
    write_atomically(world.path("broken.mid"), "MThd, but not really");
    return world.path("broken.mid");
  }
  eval::TinyWorld world;
  std::filesystem::path out = world.path("out.safetensors");
};

TEST_F(EmbedTest, WritesTheEmbeddingsOfTheDataset) {
  const std::vector<std::filesystem::path> files = {clip(3), clip(0)};
  EXPECT_EQ(embed(world.config, files, out, torch::kCPU).files, 2U);
  const weights::SafetensorsFile file(out);
  const auto embeddings = file.tensor("embeddings");
  EXPECT_EQ(embeddings.sizes(), (std::vector<std::int64_t>{2, 16}));
  EXPECT_EQ(embeddings.scalar_type(), torch::kFloat32);
  EXPECT_EQ(file.metadata().at("files"), Json({files[0].string(), files[1].string()}).dump());
  const data::ClipEmbeddings expected(world.config, files, torch::kCPU);
  for (std::int64_t i = 0; i < 2; ++i) EXPECT_TRUE(embeddings[i].allclose(expected.at(files[static_cast<std::size_t>(i)])[0], 1e-5, 1e-6));
}

TEST_F(EmbedTest, DoesNotWriteOverAFileThatItReads) {
  const std::vector<std::filesystem::path> files = {clip(3), clip(0)};
  const auto music = read_text(clip(0));
  EXPECT_THAT([&] { embed(world.config, files, clip(0), torch::kCPU); }, ThrowsMessage<UsageError>(HasSubstr("one of the files")));
  EXPECT_EQ(read_text(clip(0)), music);
}

TEST_F(EmbedTest, SeveralTokensKeepTheirDimension) {
  world.config.music_encoder.tokens = 3;
  embed(world.config, std::vector{clip(0)}, out, torch::kCPU);
  EXPECT_EQ(weights::SafetensorsFile(out).tensor("embeddings").sizes(), (std::vector<std::int64_t>{1, 3, 16}));
}

TEST_F(EmbedTest, UnpooledClipsAreTheirNotesOneAfterTheOther) {
  world.config.music_encoder.pooling = "none";
  const std::vector<std::filesystem::path> files = {clip(3), clip(0)};
  embed(world.config, files, out, torch::kCPU);
  const weights::SafetensorsFile file(out);
  const data::ClipEmbeddings expected(world.config, files, torch::kCPU);
  const auto both = at::cat({expected.at(files[0]), expected.at(files[1])});
  EXPECT_TRUE(file.tensor("embeddings").allclose(both, 1e-5, 1e-6));
  EXPECT_TRUE(file.tensor("notes").equal(torch::tensor({expected.at(files[0]).size(0), expected.at(files[1]).size(0)})));
}

TEST_F(EmbedTest, ABadFileIsSkippedAndCounted) {
  midi::write_midi({}, world.path("silent.mid"));
  const auto result =
      embed(world.config, std::vector<std::filesystem::path>{broken(), clip(0), world.path("silent.mid")}, out, torch::kCPU);
  EXPECT_EQ(result.files, 1U);
  EXPECT_EQ(result.skipped, 2U);
  EXPECT_EQ(weights::SafetensorsFile(out).metadata().at("files"), Json({clip(0).string()}).dump());
}

TEST_F(EmbedTest, WithoutAUsableFileNothingIsWritten) {
  EXPECT_THAT([&] { embed(world.config, std::vector{broken()}, out, torch::kCPU); },
              ThrowsMessage<Error>(HasSubstr("none of the 1 files")));
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace midillama::tools
