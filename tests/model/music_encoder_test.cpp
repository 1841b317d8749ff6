#include "midillama/model/music_encoder.h"

#include "midillama/core/file.h"
#include "tiny_models.h"

#include <gtest/gtest.h>

namespace midillama::model {
namespace {

using octuple::Octuple;

const std::filesystem::path kGolden = "tests/golden/model/musicbert";

std::vector<std::vector<Octuple>> golden_clips(const Json& golden) {
  std::vector<std::vector<Octuple>> clips;
  for (const Json& clip : golden.at("clips")) {
    auto& notes = clips.emplace_back();
    for (const Json& n : clip) notes.push_back({n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]});
  }
  return clips;
}

config::MusicEncoder settings(std::int64_t tokens, const std::string& hidden_states = "before_upsampling") {
  config::MusicEncoder config;
  config.path = kGolden;
  config.tokens = tokens;
  config.hidden_states = hidden_states;
  return config;
}

torch::Tensor tensor(const Json& values) {  // [clips, K, hidden_size]
  std::vector<float> flat;
  for (const Json& clip : values) {
    for (const Json& span : clip) {
      for (const Json& value : span) flat.push_back(value.get<float>());
    }
  }
  const auto clips = static_cast<std::int64_t>(values.size()), spans = static_cast<std::int64_t>(values[0].size());
  return torch::tensor(flat, torch::kFloat32).view({clips, spans, -1});
}

class GoldenMusicEncoder : public testing::TestWithParam<std::pair<std::int64_t, const char*>> {};

// The clips make one window, several windows of many bars, and windows of exactly what the position table holds.
TEST_P(GoldenMusicEncoder, ClipEmbeddingsEqualTheReplica) {
  const auto& [spans, hidden_states] = GetParam();
  const Json golden = read_json(kGolden / "clips.json");
  MusicEncoder encoder(settings(spans, hidden_states), torch::kCPU);
  const torch::Tensor embeddings = encoder.encode(golden_clips(golden));
  const torch::Tensor expected = tensor(golden.at("embeddings").at(std::to_string(spans) + "," + hidden_states));
  ASSERT_EQ(embeddings.sizes(), expected.sizes());
  EXPECT_EQ(embeddings.scalar_type(), torch::kFloat32);
  EXPECT_LT(largest_difference(embeddings, expected), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenMusicEncoder,
                         testing::Values(std::pair(1, "before_upsampling"), std::pair(4, "before_upsampling"),
                                         std::pair(1, "after_upsampling"), std::pair(4, "after_upsampling")));

TEST(MusicEncoder, AClipsEmbeddingDoesNotDependOnItsBatch) {
  const auto clips = golden_clips(read_json(kGolden / "clips.json"));
  MusicEncoder encoder(settings(2), torch::kCPU);
  const torch::Tensor together = encoder.encode(clips);
  for (std::size_t i = 0; i < clips.size(); ++i) {
    EXPECT_LT(largest_difference(encoder.encode(std::span(clips).subspan(i, 1))[0], together[static_cast<std::int64_t>(i)]), 1e-6);
  }
  EXPECT_EQ(encoder.hidden_size(), 8);
  EXPECT_EQ(encoder.tokens(), 2);
}

TEST(MusicEncoder, EmbeddingsAreTheMeansOverTheSpansNotes) {
  const auto clips = golden_clips(read_json(kGolden / "clips.json"));
  for (const std::int64_t tokens : {1, 4}) {
    MusicEncoder encoder(settings(tokens, "after_upsampling"), torch::kCPU);
    const torch::Tensor embeddings = encoder.encode(clips);
    const auto notes = encoder.note_vectors(clips);
    for (std::size_t i = 0; i < clips.size(); ++i) {
      const torch::Tensor spans = encoder.spans(std::ssize(clips[i]));
      ASSERT_EQ(notes[i].size(0), std::ssize(clips[i]));
      EXPECT_TRUE(spans.sum(0).eq(1).all().item<bool>());
      EXPECT_LT(largest_difference(embeddings[static_cast<std::int64_t>(i)], spans.matmul(notes[i]) / spans.sum(1, true)), 1e-5);
    }
  }
}

TEST(MusicEncoder, SpansWithoutNotesAreZero) {
  const auto clips = golden_clips(read_json(kGolden / "clips.json"));
  const std::vector<std::vector<Octuple>> two_notes = {{clips[0][0], clips[0][1]}};
  const torch::Tensor embedding = MusicEncoder(settings(3), torch::kCPU).encode(two_notes)[0];
  EXPECT_GT(embedding[1].abs().max().item<float>(), 0.0f);
  EXPECT_EQ(embedding[2].abs().max().item<float>(), 0.0f);
}

TEST(MusicEncoder, Bfloat16IsClose) {
  const auto clips = golden_clips(read_json(kGolden / "clips.json"));
  config::MusicEncoder config = settings(1);
  const torch::Tensor exact = MusicEncoder(config, torch::kCPU).encode(clips);
  config.dtype = "bfloat16";
  const torch::Tensor rounded = MusicEncoder(config, torch::kCPU).encode(clips);
  EXPECT_EQ(rounded.scalar_type(), torch::kFloat32);
  EXPECT_LT(largest_difference(exact, rounded), 0.1);
}

TEST(MusicEncoder, RefusesEmptyClipsAndUnknownSettings) {
  MusicEncoder encoder(settings(1), torch::kCPU);
  const std::vector<std::vector<Octuple>> clips(1);
  EXPECT_THROW(encoder.encode(clips), Error);
  EXPECT_EQ(encoder.encode({}).sizes(), at::IntArrayRef({0, 1, 8}));
  config::MusicEncoder config = settings(1);
  config.pooling = "max";
  EXPECT_THROW(MusicEncoder(config, torch::kCPU), Error);
  config = settings(0);
  EXPECT_THROW(MusicEncoder(config, torch::kCPU), Error);
  config = settings(1);
  config.dtype = "float16";
  EXPECT_THROW(MusicEncoder(config, torch::kCPU), Error);
}

}  // namespace
}  // namespace midillama::model
