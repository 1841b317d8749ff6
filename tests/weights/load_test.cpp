#include "midillama/weights/load.h"

#include "midillama/core/file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::weights {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::error_of;

struct Small : torch::nn::Module {
  Small() {
    a = register_parameter("a", torch::zeros({2, 3}));
    b = register_parameter("b", torch::zeros({4}, torch::kBFloat16));
    statistics = register_buffer("statistics", torch::zeros({1}));
  }
  torch::Tensor a, b, statistics;
};

std::optional<std::string> same(const std::string& name) {
  return name;
}

void write_index(const fs::path& folder, const Json& weight_map) {
  write_atomically(folder / "model.safetensors.index.json", Json{{"weight_map", weight_map}}.dump());
}

TEST(LoadWeights, FillsParametersAndBuffersOfAnyDtype) {
  const TemporaryDirectory folder;
  write_safetensors(folder.path() / "model.safetensors",
                    {{"a", torch::full({2, 3}, 2.0, torch::kFloat64)}, {"b", torch::ones({4})}, {"statistics", torch::full({1}, 7.0)}});
  Small module;
  load_weights(module, Checkpoint(folder.path()), same);
  EXPECT_TRUE(at::equal(module.a, torch::full({2, 3}, 2.0)));
  EXPECT_TRUE(at::equal(module.b, torch::ones({4}, torch::kBFloat16)));
  EXPECT_EQ(module.statistics.item<float>(), 7.0f);
}

TEST(LoadWeights, ListsEveryWeightThatDoesNotFitAndTouchesNothing) {
  const TemporaryDirectory folder;
  write_safetensors(folder.path() / "model.safetensors", {{"a", torch::ones({3, 2})}, {"b", torch::ones({4})}, {"c", torch::ones({1})}});
  Small module;
  const Checkpoint checkpoint(folder.path());
  const LoadReport report = check_weights(module, checkpoint, same);
  EXPECT_THAT(report.missing, ElementsAre("statistics"));
  EXPECT_THAT(report.unexpected, ElementsAre("c"));
  EXPECT_THAT(report.mismatched, ElementsAre("a: checkpoint [3, 2], model [2, 3]"));
  const std::string error = error_of([&] { load_weights(module, checkpoint, same); });
  EXPECT_THAT(error, HasSubstr(folder.path().string()));
  EXPECT_THAT(error, HasSubstr("missing: statistics\n  unexpected: c\n  wrong shape: a: checkpoint [3, 2], model [2, 3]"));
  EXPECT_TRUE(at::equal(module.b, torch::zeros({4}, torch::kBFloat16)));
}

// Kind C18: whole numbers are some other program's, for example of quantized weights.
TEST(LoadWeights, WholeNumbersAreNoWeights) {
  const TemporaryDirectory folder;
  for (const auto dtype : {torch::kInt32, torch::kInt8, torch::kBool}) {
    write_safetensors(folder.path() / "model.safetensors",
                      {{"a", torch::ones({2, 3}, dtype)}, {"b", torch::ones({4})}, {"statistics", torch::ones({1})}});
    Small module;
    const std::string error = error_of([&] { load_weights(module, Checkpoint(folder.path()), same); });
    EXPECT_THAT(error, HasSubstr("wrong type: a: holds ")) << dtype;
    EXPECT_THAT(misfits(SafetensorsFile(folder.path() / "model.safetensors"),
                        {{"a", module.a}, {"b", module.b}, {"statistics", module.statistics}}, "file"),
                HasSubstr("wrong type: a: holds "));
    EXPECT_TRUE(at::equal(module.a, torch::zeros({2, 3})));
  }
}

TEST(LoadWeights, FollowsTheNameMapAndAllowsWhatMayBeMissing) {
  const TemporaryDirectory folder;
  write_safetensors(folder.path() / "model.safetensors",
                    {{"x.a", torch::ones({2, 3})}, {"x.b", torch::ones({4})}, {"ignored", torch::ones({9})}});
  const NameMap names = [](const std::string& name) {
    return name == "ignored" ? std::nullopt : std::optional<std::string>(name.substr(2));
  };
  Small module;
  load_weights(module, Checkpoint(folder.path()), names, [](const std::string& name) { return name == "statistics"; });
  EXPECT_TRUE(at::equal(module.a, torch::ones({2, 3})));
}

TEST(LoadWeights, TwoTensorsForOnePlaceAreAnError) {
  const TemporaryDirectory folder;
  write_safetensors(folder.path() / "model.safetensors", {{"a", torch::ones({2, 3})}, {"a2", torch::ones({2, 3})}});
  Small module;
  const auto report = check_weights(module, Checkpoint(folder.path()), [](const std::string&) { return std::optional<std::string>("a"); });
  EXPECT_THAT(report.unexpected, ElementsAre("a2 (a second a)"));
}

TEST(Checkpoint, ReadsShards) {
  const TemporaryDirectory folder;
  write_safetensors(folder.path() / "one.safetensors", {{"a", torch::ones({2, 3})}});
  write_safetensors(folder.path() / "two.safetensors", {{"b", torch::ones({4})}, {"statistics", torch::ones({1})}});
  write_index(folder.path(), {{"a", "one.safetensors"}, {"b", "two.safetensors"}, {"statistics", "two.safetensors"}});
  Small module;
  const Checkpoint checkpoint(folder.path());
  load_weights(module, checkpoint, same);
  EXPECT_TRUE(at::equal(module.b, torch::ones({4}, torch::kBFloat16)));
  EXPECT_EQ(checkpoint.files().size(), 2u);
  EXPECT_TRUE(checkpoint.contains("b"));
  EXPECT_THAT(error_of([&] { checkpoint.tensor("absent"); }), HasSubstr("absent: there is no such tensor"));
}

TEST(Checkpoint, RefusesIndexesThatAreNotTrue) {
  const TemporaryDirectory folder;
  const auto error = [&] { return error_of([&] { Checkpoint checkpoint(folder.path()); }); };
  EXPECT_THAT(error(), HasSubstr("holds neither model.safetensors nor model.safetensors.index.json"));
  write_safetensors(folder.path() / "one.safetensors", {{"a", torch::ones({1})}});
  write_safetensors(folder.path() / "two.safetensors", {{"a", torch::ones({1})}, {"b", torch::ones({1})}});
  write_index(folder.path(), {{"a", "one.safetensors"}, {"b", "one.safetensors"}});
  EXPECT_THAT(error(), HasSubstr("b: is not in one.safetensors as the index says"));
  write_index(folder.path(), {{"a", "one.safetensors"}, {"b", "two.safetensors"}});
  EXPECT_THAT(error(), HasSubstr("a: stands in one.safetensors too"));
  write_index(folder.path(), {{"a", "../one.safetensors"}});
  EXPECT_THAT(error(), HasSubstr("\"../one.safetensors\" is not the name of a file in the same folder"));
  write_index(folder.path(), {{"a", "three.safetensors"}});
  EXPECT_THAT(error(), HasSubstr("three.safetensors: cannot be opened"));
  write_index(folder.path(), Json::object());
  EXPECT_THAT(error(), HasSubstr("weight_map: names no shard"));
  write_index(folder.path(), {1, 2});
  EXPECT_THAT(error(), HasSubstr("the key \"weight_map\" has the wrong type"));
}

}  // namespace
}  // namespace midillama::weights
