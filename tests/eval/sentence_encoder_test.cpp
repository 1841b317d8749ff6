#include "midillama/eval/sentence_encoder.h"

#include "midillama/core/file.h"

#include <gtest/gtest.h>

namespace midillama::eval {
namespace {

TEST(SentenceEncoder, EmbeddingsEqualTheReference) {
  const Json golden = read_json("tests/golden/eval/embeddings.json");
  SentenceEncoder encoder({.path = "tests/golden/eval/tiny_bert", .layer = 3}, torch::kCPU);
  for (std::size_t i = 0; i < golden["texts"].size(); ++i) {
    const auto expected = golden["tiny_bert"][i].get<std::vector<double>>();
    const torch::Tensor embedding = encoder.embed(golden["texts"][i]);
    ASSERT_EQ(embedding.numel(), static_cast<std::int64_t>(expected.size()));
    for (std::size_t k = 0; k < expected.size(); ++k)
      EXPECT_NEAR(embedding[static_cast<std::int64_t>(k)].item<double>(), expected[k], 1e-5) << golden["texts"][i];
  }
}

}  // namespace
}  // namespace midillama::eval
