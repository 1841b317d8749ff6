#include "midillama/core/file.h"
#include "midillama/model/midi_llama.h"
#include "midillama/model/peft.h"
#include "midillama/weights/safetensors.h"
#include "support/error_of.h"
#include "tiny_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::model {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

const config::Lora kLora = {.rank = 2, .alpha = 3, .dropout = 0.1, .target_modules = {"q_proj", "up_proj"}};

MidiLlama trained_model() {
  MidiLlama model = tiny_midi_llama();
  model->add_lora(kLora, 1);
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : model->named_parameters()) {
    if (parameter.value().requires_grad()) parameter.value().normal_();
  }
  return model;
}

std::string load_error(const fs::path& directory) {
  return error_of([&] {
    MidiLlama model = tiny_midi_llama();
    load_trained(model, directory);
  });
}

void change_config(const fs::path& directory, const Json& changes) {
  const fs::path path = directory / "adapter" / "adapter_config.json";
  Json json = read_json(path);
  json.update(changes);
  write_atomically(path, json.dump());
}

void change_weights(const fs::path& path, const std::function<void(weights::TensorMap&)>& change) {
  weights::TensorMap tensors = weights::read_safetensors(path);
  change(tensors);
  weights::write_safetensors(path, tensors);
}

TEST(TrainedFiles, ComeBackAsSaved) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  MidiLlama loaded = tiny_midi_llama();
  load_trained(loaded, folder.path());
  ASSERT_TRUE(loaded->lora);
  EXPECT_EQ(loaded->lora->rank, kLora.rank);
  EXPECT_EQ(loaded->lora->alpha, kLora.alpha);
  EXPECT_EQ(loaded->lora->dropout, kLora.dropout);
  EXPECT_EQ(loaded->lora->target_modules, kLora.target_modules);
  MidiLlama resumed = tiny_midi_llama();
  resumed->add_lora(kLora, 9);
  load_trained(resumed, folder.path());
  for (const auto& parameter : model->named_parameters()) {
    EXPECT_TRUE(at::equal(parameter.value(), loaded->named_parameters()[parameter.key()])) << parameter.key();
    EXPECT_TRUE(at::equal(parameter.value(), resumed->named_parameters()[parameter.key()])) << parameter.key();
  }
}

TEST(TrainedFiles, AWhitenedProjectorIsSavedAsAPlainLayerToo) {
  const TemporaryDirectory folder;
  MidiLlama model = tiny_midi_llama();
  const auto size = linear_projector(model)->weight.size(1);
  linear_projector(model)->start_whitened(std::vector{torch::Tensor(at::randn({50, size}) * at::arange(1, size + 1) + 3)}, 0.5, 1);
  save_trained(model, folder.path(), "some/llama");
  const torch::Tensor music = at::randn({4, size});
  const torch::Tensor expected = linear_projector(model)->forward(music);

  MidiLlama loaded = tiny_midi_llama();
  load_trained(loaded, folder.path());
  EXPECT_FALSE(linear_projector(loaded)->is_whitened());
  EXPECT_TRUE(at::allclose(linear_projector(loaded)->forward(music), expected, 1e-4, 1e-5));
  loaded->projector->load_to_train(folder.path());
  EXPECT_TRUE(linear_projector(loaded)->is_whitened());
  EXPECT_TRUE(at::equal(linear_projector(loaded)->forward(music), expected));

  change_weights(folder.path() / "projector_whitened.safetensors", [](weights::TensorMap& tensors) { tensors.erase("mean"); });
  EXPECT_THAT(error_of([&] { loaded->projector->load_to_train(folder.path()); }),
              AllOf(HasSubstr("projector_whitened.safetensors"), HasSubstr("missing: mean")));
}

TEST(TrainedFiles, HaveTheNamesOfPeft) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  const Json json = read_json(folder.path() / "adapter" / "adapter_config.json");
  EXPECT_EQ(json.at("peft_type"), "LORA");
  EXPECT_EQ(json.at("task_type"), "CAUSAL_LM");
  EXPECT_EQ(json.at("base_model_name_or_path"), "some/llama");
  EXPECT_EQ(json.at("r"), 2);
  EXPECT_EQ(json.at("lora_alpha"), 3);
  const weights::SafetensorsFile file(folder.path() / "adapter" / "adapter_model.safetensors");
  EXPECT_EQ(file.tensors().size(), 8u);
  const weights::TensorInfo& info = file.tensors().at("base_model.model.model.layers.1.mlp.up_proj.lora_B.weight");
  EXPECT_THAT(info.shape, testing::ElementsAre(24, 2));
  EXPECT_EQ(info.dtype, torch::kFloat32);
}

TEST(TrainedFiles, ABaseModelsFileHasNoAdapter) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_llama(model->llama, folder.path());
  const weights::SafetensorsFile file(folder.path() / "model.safetensors");
  for (const auto& [name, info] : file.tensors()) {
    EXPECT_THAT(name, testing::Not(HasSubstr("lora")));
  }
  load_llama(folder.path(), torch::kCPU, torch::kFloat32);
}

TEST(TrainedFiles, AnAlignCheckpointHasNoAdapter) {
  const TemporaryDirectory folder;
  MidiLlama model = tiny_midi_llama();
  save_trained(model, folder.path(), "some/llama");
  EXPECT_FALSE(fs::exists(folder.path() / "adapter"));
  EXPECT_EQ(load_error(folder.path()), "no error");
  model->add_lora(kLora, 1);
  EXPECT_THAT(error_of([&] { load_trained(model, folder.path()); }), HasSubstr("adapter: is missing although the model has LoRA adapters"));
}

TEST(TrainedFiles, AnotherPrefixShowsBothSpellings) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  change_weights(folder.path() / "adapter" / "adapter_model.safetensors", [](weights::TensorMap& tensors) {
    weights::TensorMap renamed;
    for (const auto& [name, tensor] : tensors) renamed.emplace("module." + name, tensor);
    tensors = renamed;
  });
  EXPECT_THAT(load_error(folder.path()),
              AllOf(HasSubstr("missing: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"),
                    HasSubstr("unexpected: module.base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight")));
}

TEST(TrainedFiles, ListWhatDoesNotFit) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  change_weights(folder.path() / "adapter" / "adapter_model.safetensors", [](weights::TensorMap& tensors) {
    tensors["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"] = torch::ones({3, 16});
    tensors.erase("base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight");
  });
  EXPECT_THAT(
      load_error(folder.path()),
      AllOf(HasSubstr("wrong shape: base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight: adapter [3, 16], model [2, 16]"),
            HasSubstr("missing: base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight")));
  change_weights(folder.path() / "projector.safetensors", [](weights::TensorMap& tensors) {
    tensors["weight"] = torch::ones({16, 7});
    tensors["scale"] = tensors.at("bias");
    tensors.erase("bias");
  });
  EXPECT_THAT(load_error(folder.path()),
              AllOf(HasSubstr("projector.safetensors"), HasSubstr("wrong shape: weight: file [16, 7], model [16, 6]"),
                    HasSubstr("missing: bias"), HasSubstr("unexpected: scale")));
}

TEST(TrainedFiles, RefuseAdaptersOfOtherKinds) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  change_config(folder.path(),
                {{"use_dora", true}, {"bias", "all"}, {"rank_pattern", {{"q_proj", 4}}}, {"target_modules", ".*_proj"}, {"r", 0}});
  EXPECT_THAT(load_error(folder.path()),
              AllOf(HasSubstr("adapter_config.json"), HasSubstr("use_dora: is true"), HasSubstr("bias: is \"all\""),
                    HasSubstr("rank_pattern: is {\"q_proj\":4}"), HasSubstr("target_modules: must be a list of layer names"),
                    HasSubstr("r: must be a whole number")));
}

TEST(TrainedFiles, RefuseAnAdapterUnlikeTheModels) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  change_config(folder.path(), {{"lora_alpha", 1e39}});
  EXPECT_THAT(error_of([&] { load_trained(model, folder.path()); }), HasSubstr("lora_alpha: must be at most"));
  change_config(folder.path(), {{"lora_alpha", 5}});
  EXPECT_THAT(error_of([&] { load_trained(model, folder.path()); }),
              HasSubstr("the adapter has rank 2, alpha 5 on q_proj, up_proj; the model was given rank 2, alpha 3"));
}

// PEFT's LoraConfig fills in what adapter_config.json leaves out.
TEST(TrainedFiles, AnAdapterWithoutRankAndAlphaHasPeftsDefaults) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "adapter_config.json", R"({"peft_type": "LORA", "target_modules": ["q_proj"]})");
  const config::Lora lora = read_peft_config(folder.path());
  EXPECT_EQ(lora.rank, 8);
  EXPECT_EQ(lora.alpha, 8);
}

TEST(TrainedFiles, AllLinearMeansTheSevenLayers) {
  const TemporaryDirectory folder;
  MidiLlama model = tiny_midi_llama();
  model->add_lora({}, 1);
  save_trained(model, folder.path(), "some/llama");
  change_config(folder.path(), {{"target_modules", "all-linear"}});
  EXPECT_EQ(load_error(folder.path()), "no error");
}

// Every field of PEFT 0.21's LoraConfig that changes what an adapter computes, away from its default.
TEST(TrainedFiles, AnAdapterThatChangesTheBaseModelIsRefusedByName) {
  const TemporaryDirectory folder;
  MidiLlama model = trained_model();
  save_trained(model, folder.path(), "some/llama");
  const auto error_with = [&](const Json& change) {
    const TemporaryDirectory copy;
    fs::copy(folder.path(), copy.path(), fs::copy_options::recursive);
    change_config(copy.path(), change);
    return load_error(copy.path());
  };
  for (const char* start : {"pissa", "pissa_niter_4", "olora", "OLoRA", "corda", "loftq", "lora_ga", "mica", "of next year"}) {
    EXPECT_THAT(error_with({{"init_lora_weights", start}}), AllOf(HasSubstr("init_lora_weights: is"), HasSubstr("base model"))) << start;
  }
  for (const Json& start : {Json(true), Json(false), Json(), Json("gaussian"), Json("eva"), Json("orthogonal")}) {
    EXPECT_EQ(error_with({{"init_lora_weights", start}}), "no error") << start;
  }
  const std::vector<std::pair<std::string, Json>> refused = {
      {"use_rslora", true},
      {"use_dora", true},
      {"use_qalora", true},
      {"lora_bias", true},
      {"ensure_weight_tying", true},
      {"bias", "lora_only"},
      {"rank_pattern", {{"q_proj", 4}}},
      {"alpha_pattern", {{"q_proj", 4}}},
      {"layers_to_transform", {0}},
      {"layers_to_transform", 1},
      {"layers_pattern", "layers"},
      {"exclude_modules", {"up_proj"}},
      {"modules_to_save", {"lm_head"}},
      {"trainable_token_indices", {1, 2}},
      {"target_parameters", {"mlp.experts"}},
      {"layer_replication", {{0, 1}}},
      {"alora_invocation_tokens", {5}},
      {"megatron_config", {{"a", 1}}},
      {"arrow_config", {{"top_k", 3}}},
      {"kasa_config", {{"beta", 1e-4}}},
      {"velora_config", {{"scale", 1}}},
      {"monteclora_config", {{"num_samples", 4}}},
      {"use_bdlora", {{"nblocks", 2}}},
      {"a_field_of_next_year", 3},
  };
  for (const auto& [key, value] : refused) EXPECT_THAT(error_with({{key, value}}), HasSubstr(key + ": is")) << key;
  EXPECT_EQ(error_with({{"qalora_group_size", 16},
                        {"fan_in_fan_out", true},
                        {"runtime_config", {{"ephemeral_gpu_offload", false}}},
                        {"megatron_core", "megatron.core"},
                        {"loftq_config", Json::object()},
                        {"peft_version", "0.21.2"},
                        {"revision", "main"},
                        {"auto_mapping", nullptr},
                        {"a_flag_of_next_year", false}}),
            "no error");
}

}  // namespace
}  // namespace midillama::model
