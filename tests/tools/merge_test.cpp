#include "midillama/tools/merge.h"

#include "midillama/core/file.h"
#include "midillama/weights/load.h"
#include "model/tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

namespace midillama::tools {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path kGolden = "tests/golden/model";
const fs::path kLlama = kGolden / "llama_gqa";
const fs::path kAdapter = kGolden / "midi_llama" / "adapter";
const std::vector<std::int64_t> kProbe = {1, 5, 9, 30, 2};

// The folder of golden Llama's weights in another dtype, with a tokenizer and things that are not the model's.
fs::path copy_as(torch::ScalarType dtype, const fs::path& folder) {
  model::Llama llama = model::load_llama(kLlama, torch::kCPU, dtype);
  model::save_llama(llama, folder);
  write_atomically(folder / "tokenizer.model", "pieces");
  write_atomically(folder / "consolidated.00.pth", "weights in another format");
  return folder;
}

std::string error_of(const fs::path& llm, const fs::path& adapter, const fs::path& directory) {
  try {
    merge_adapter(llm, adapter, directory);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(GoldenMerge, EqualsPeftsMergeAndUnload) {
  const TemporaryDirectory folder;
  const fs::path out = folder.path() / "out";
  const Merged merged = merge_adapter(kLlama, kAdapter, out);
  const weights::TensorMap expected = weights::read_safetensors(kGolden / "midi_llama" / "merged.safetensors");
  const weights::Checkpoint base(kLlama), written(out);
  EXPECT_EQ(merged.merged, expected.size());
  EXPECT_EQ(merged.tensors, base.files().at(0).tensors().size());
  for (const auto& [name, info] : base.files().at(0).tensors()) {
    const auto changed = expected.find(name);
    if (changed == expected.end()) {
      EXPECT_TRUE(at::equal(written.tensor(name), base.tensor(name))) << name;
    } else {
      EXPECT_LT(model::largest_difference(written.tensor(name), changed->second), 1e-6) << name;
      EXPECT_GT(model::largest_difference(written.tensor(name), base.tensor(name)), 1e-3) << name;
    }
  }
  EXPECT_LT(compare_merged(kLlama, kAdapter, out, kProbe, torch::kCPU, torch::kFloat32).largest, 1e-4);
}

TEST(Merge, Bfloat16IsTheFloat32MergeCastOnce) {
  const TemporaryDirectory folder;
  const fs::path half = copy_as(torch::kBFloat16, folder.path() / "half");
  // The same values in float32.
  model::Llama llama = model::load_llama(half, torch::kCPU, torch::kFloat32);
  model::save_llama(llama, folder.path() / "exact");
  merge_adapter(half, kAdapter, folder.path() / "half_merged");
  merge_adapter(folder.path() / "exact", kAdapter, folder.path() / "exact_merged");
  const weights::Checkpoint written(folder.path() / "half_merged"), exact(folder.path() / "exact_merged");
  for (const auto& [name, info] : written.files().at(0).tensors()) {
    EXPECT_EQ(info.dtype, torch::kBFloat16) << name;
    EXPECT_TRUE(at::equal(written.tensor(name), exact.tensor(name).to(torch::kBFloat16))) << name;
  }
  const LogitDifference rounding = compare_merged(half, kAdapter, folder.path() / "half_merged", kProbe, torch::kCPU, torch::kFloat32);
  EXPECT_GT(rounding.largest, rounding.mean);
  EXPECT_GT(rounding.mean, 0.0);
  EXPECT_LT(rounding.largest, 0.5);
}

TEST(Merge, TakesTokenizerAndConfigurationAlongAndNothingElse) {
  const TemporaryDirectory folder;
  merge_adapter(copy_as(torch::kFloat32, folder.path() / "llama"), kAdapter, folder.path() / "out");
  EXPECT_EQ(read_text(folder.path() / "out" / "tokenizer.model"), "pieces");
  EXPECT_EQ(read_text(folder.path() / "out" / "config.json"), read_text(folder.path() / "llama" / "config.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "out" / "consolidated.00.pth"));
}

TEST(Merge, KeepsTheShards) {
  const TemporaryDirectory folder;
  const fs::path llm = kGolden / "llama_bfloat16", out = folder.path() / "out";
  model::MidiLlama trained(model::load_llama(llm, torch::kCPU, torch::kBFloat16), 4, 1);
  trained->add_lora({.rank = 2, .alpha = 4, .dropout = 0, .target_modules = {"v_proj", "down_proj"}}, 1);
  {
    const torch::NoGradGuard no_grad;
    for (const auto& parameter : trained->named_parameters()) {
      if (parameter.key().ends_with("lora_B.weight")) parameter.value().fill_(0.5);
    }
  }
  model::save_trained(trained, folder.path() / "checkpoint", llm.string());
  EXPECT_EQ(merge_adapter(llm, folder.path() / "checkpoint" / "adapter", out).merged, 4u);
  const weights::Checkpoint base(llm), written(out);
  ASSERT_EQ(written.files().size(), base.files().size());
  for (std::size_t i = 0; i < written.files().size(); ++i) {
    EXPECT_EQ(written.files()[i].path().filename(), base.files()[i].path().filename());
    EXPECT_EQ(written.files()[i].tensors().size(), base.files()[i].tensors().size());
  }
  model::load_llama(out, torch::kCPU, torch::kBFloat16);
}

// Kind A7: it is the adapter that is named, not the folder that the merged model was to become.
TEST(Merge, RefusesNumbersThatAreNotFiniteByTheAdaptersName) {
  const TemporaryDirectory folder;
  const auto error_with = [&](const torch::Tensor& values, const std::string& part) {
    const fs::path adapter = folder.path() / "adapter", file = adapter / "adapter_model.safetensors";
    fs::remove_all(adapter);
    fs::copy(kAdapter, adapter);
    weights::TensorMap tensors = weights::read_safetensors(file);
    for (auto& [name, tensor] : tensors) {
      if (name.find(part) != std::string::npos) tensor = values.to(values.scalar_type(), false, true).expand_as(tensor).contiguous();
    }
    weights::write_safetensors(file, tensors);
    return error_of(kLlama, adapter, folder.path() / "out");
  };
  EXPECT_THAT(error_with(torch::full({}, 1e300, torch::kFloat64), "lora_"),
              AllOf(HasSubstr("adapter/adapter_model.safetensors"), HasSubstr("too large for Float"), Not(HasSubstr("out"))));
  EXPECT_THAT(error_with(torch::full({}, 3e38, torch::kFloat32), "lora_"), HasSubstr("adapter/adapter_model.safetensors"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  error_with(torch::zeros({}), "lora_");
  fs::remove_all(folder.path() / "out");
  std::fstream file(folder.path() / "adapter" / "adapter_model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-static_cast<std::streamoff>(sizeof nan), std::ios::end);
  file.write(reinterpret_cast<const char*>(&nan), sizeof nan).flush();
  EXPECT_THAT(error_of(kLlama, folder.path() / "adapter", folder.path() / "out"),
              AllOf(HasSubstr("adapter/adapter_model.safetensors"), HasSubstr("lora_"), HasSubstr("not finite")));
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "nothing unfinished stays";
}

TEST(Merge, RefusesAnAdapterOfAnotherDecoder) {
  const TemporaryDirectory folder;
  const fs::path out = folder.path() / "out";
  model::LlamaConfig wider = model::tiny_llama_config();
  wider.intermediate_size = 32;
  model::Llama other = model::tiny_llama(wider);
  model::save_llama(other, folder.path() / "other");
  EXPECT_THAT(error_of(folder.path() / "other", kAdapter, out), HasSubstr("the adapter does not fit the model"));
  EXPECT_THAT(error_of(kLlama, kGolden, out), HasSubstr("adapter_config.json"));
  EXPECT_FALSE(fs::exists(out));
  EXPECT_THAT(error_of(kLlama, kAdapter, folder.path()), HasSubstr("is there already"));
}

}  // namespace
}  // namespace midillama::tools
