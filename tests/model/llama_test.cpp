#include "midillama/model/llama.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/kernels/few_rows.h"
#include "midillama/model/key_value_cache.h"
#include "midillama/model/team_scope.h"
#include "midillama/weights/safetensors.h"
#include "model/int8_weights.h"
#include "tiny_models.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace midillama::model {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::ThrowsMessage;

const fs::path kGoldens = "tests/golden/model";

torch::Tensor logits_of(Llama& llama, const torch::Tensor& ids) {
  const torch::NoGradGuard no_grad;
  return llama->logits(llama->forward(llama->embed(ids), {}));
}

struct Golden {
  const char* name;
  torch::ScalarType dtype;
  double tolerance;
};

class GoldenLlama : public testing::TestWithParam<Golden> {};

TEST_P(GoldenLlama, LogitsEqualTransformers) {
  const fs::path directory = kGoldens / GetParam().name;
  const weights::TensorMap expected = weights::read_safetensors(directory / "expected.safetensors");
  Llama llama = load_llama(directory, torch::kCPU, GetParam().dtype);
  const torch::Tensor logits = logits_of(llama, expected.at("input_ids"));
  EXPECT_EQ(logits.scalar_type(), GetParam().dtype);
  EXPECT_LT(largest_difference(logits, expected.at("logits")), GetParam().tolerance);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenLlama,
                         testing::Values(Golden{"llama_gqa", torch::kFloat32, 1e-5}, Golden{"llama_tied", torch::kFloat32, 1e-5},
                                         Golden{"llama_bfloat16", torch::kBFloat16, 0.05}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Llama, CachedStepsEqualOneForwardPass) {
  const torch::NoGradGuard no_grad;
  const LlamaConfig config = tiny_llama_config();
  Llama llama = tiny_llama();
  const torch::Tensor embeddings = llama->embed(at::randint(config.vocab_size, {3, 11}, torch::kInt64));
  const torch::Tensor whole = llama->forward(embeddings, {});
  KeyValueCache cache(config.num_hidden_layers, 3, config.num_key_value_heads, 11, config.head_dim, torch::kCPU, torch::kFloat32);
  std::int64_t begin = 0;
  for (const std::int64_t tokens : {4, 1, 3, 1, 2}) {
    AttentionContext context;
    context.cache = &cache;
    const torch::Tensor part = llama->forward(embeddings.narrow(1, begin, tokens), context);
    EXPECT_LT(largest_difference(part, whole.narrow(1, begin, tokens)), 1e-5) << "from token " << begin;
    begin += tokens;
  }
  EXPECT_EQ(cache.length(), 11);
  AttentionContext context;
  context.cache = &cache;
  EXPECT_THROW(llama->forward(embeddings.narrow(1, 0, 1), context), Error);
}

// With a gradient to record, LibTorch's operations take each step; without one, loops of our own take the same steps at once.
TEST(Llama, StepsInOnePassOfLoopsEqualLibTorchs) {
  LlamaConfig config = tiny_llama_config();
  config.head_dim = 6, config.num_attention_heads = 6;
  Llama llama = tiny_llama(config);
  const auto random = at::detail::createCPUGenerator(5);
  for (LlamaLayer& layer : llama->model->layers) {
    for (LoraLinear* linear :
         {&layer->self_attn->q_proj, &layer->self_attn->v_proj, &layer->self_attn->o_proj, &layer->mlp->up_proj, &layer->mlp->down_proj}) {
      (*linear)->add_adapter(3, 6, 0.5, random);
      (*linear)->lora_B.detach().normal_(0, 0.3, random);
    }
  }
  for (torch::Tensor& parameter : llama->parameters()) parameter.requires_grad_(false);
  llama->eval();
  const int threads = at::get_num_threads();
  for (const std::int64_t rows : {1, 3, 8, 19, 32}) {
    const torch::Tensor embeddings = at::randn({rows, 9, config.hidden_size});
    torch::Tensor may_attend = at::ones({rows, 1, 1, 9}, torch::kBool);
    if (rows > 1) may_attend[1].narrow(-1, 0, 3).fill_(false);
    const auto steps = [&] {
      KeyValueCache cache(config.num_hidden_layers, rows, config.num_key_value_heads, 9, config.head_dim, torch::kCPU, torch::kFloat32);
      std::vector<torch::Tensor> outputs;
      for (std::int64_t token = 0; token < 9; ++token) {
        AttentionContext context;
        context.cache = &cache;
        if (rows > 1 && token > 3) context.mask = may_attend.narrow(-1, 0, token + 1);
        outputs.push_back(llama->forward(embeddings.narrow(1, token, 1), context).detach());
      }
      EXPECT_EQ(cache.length(), 9);
      return at::cat(outputs, 1);
    };
    const torch::Tensor expected = steps();
    const torch::NoGradGuard no_grad;
    for (const int of_team : {1, 2, 3}) {
      at::set_num_threads(of_team);
      const TeamScope team(embeddings);
      EXPECT_LT(largest_relative_difference(steps(), expected), 1e-5) << rows << " rows, " << of_team << " threads";
    }
    at::set_num_threads(threads);
  }
}

// What a matrix in 8 bits stands for, [outputs, inputs] float32.
torch::Tensor floats_of(const Int8Matrix& matrix) {
  const torch::Tensor blocks = matrix.levels.to(torch::kFloat32) * matrix.scales.to(torch::kFloat32).unsqueeze(-1);
  return blocks.transpose(1, 2).flatten(2).flatten(0, 1).narrow(0, 0, matrix.outputs).narrow(1, 0, matrix.inputs);
}

// A decoder in float32 whose matrices, `rounded`, are what another's are in 8 bits.
void set_weights(Llama& llama, const Int8Weights& rounded) {
  const auto set = [](std::initializer_list<LoraLinear> layers, const Int8Matrix& matrix) {
    std::int64_t begin = 0;
    for (const LoraLinear& layer : layers) {
      layer->weight.copy_(floats_of(matrix).narrow(0, begin, layer->weight.size(0)));
      begin += layer->weight.size(0);
    }
    EXPECT_EQ(begin, matrix.outputs);
  };
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < llama->model->layers.size(); ++i) {
    const LlamaLayer& layer = llama->model->layers[i];
    set({layer->self_attn->q_proj, layer->self_attn->k_proj, layer->self_attn->v_proj}, rounded.layers[i].query_key_value);
    set({layer->self_attn->o_proj}, rounded.layers[i].attention_output);
    set({layer->mlp->gate_proj, layer->mlp->up_proj}, rounded.layers[i].gate_up);
    set({layer->mlp->down_proj}, rounded.layers[i].down);
  }
  llama->lm_head->weight.copy_(floats_of(rounded.head));
}

// A decoder with adapters, the same each time.
Llama adapted_llama(const LlamaConfig& config) {
  Llama llama = tiny_llama(config);
  const auto random = at::detail::createCPUGenerator(5);
  for (LlamaLayer& layer : llama->model->layers) {
    for (LoraLinear* linear : {&layer->self_attn->k_proj, &layer->self_attn->o_proj, &layer->mlp->up_proj, &layer->mlp->down_proj}) {
      (*linear)->add_adapter(3, 6, 0.5, random);
      (*linear)->lora_B.detach().normal_(0, 0.3, random);
    }
  }
  for (torch::Tensor& parameter : llama->parameters()) parameter.requires_grad_(false);
  llama->eval();
  return llama;
}

TEST(Llama, DecodesInEightBitsAsWithTheRoundedWeights) {
  const torch::NoGradGuard no_grad;
  LlamaConfig config = tiny_llama_config();
  config.hidden_size = 40, config.intermediate_size = 70, config.head_dim = 6, config.num_attention_heads = 6;  // no whole blocks
  Llama llama = adapted_llama(config), rounded = adapted_llama(config);
  set_weights(rounded, Int8Weights(*llama));
  llama->decode_in_int8();
  for (const std::int64_t rows : {1, 3, 8, 11}) {
    SCOPED_TRACE(rows);
    const torch::Tensor embeddings = at::randn({rows, 9, config.hidden_size});
    KeyValueCache cache(config.num_hidden_layers, rows, config.num_key_value_heads, 9, config.head_dim, torch::kCPU, torch::kFloat32);
    KeyValueCache same(config.num_hidden_layers, rows, config.num_key_value_heads, 9, config.head_dim, torch::kCPU, torch::kFloat32);
    AttentionContext context, with_same;
    context.cache = &cache, with_same.cache = &same;
    const torch::Tensor prompt = embeddings.narrow(1, 0, 4);
    EXPECT_TRUE(llama->forward(prompt, context).equal(llama->forward(prompt, with_same)));
    for (std::int64_t token = 4; token < 9; ++token) {
      const torch::Tensor next = embeddings.narrow(1, token, 1);
      const torch::Tensor hidden = llama->forward(next, context), expected = rounded->forward(next, with_same);
      EXPECT_LT(largest_relative_difference(hidden, expected), 1e-5) << "token " << token;
      EXPECT_LT(largest_relative_difference(llama->logits(hidden), rounded->logits(expected)), 1e-5) << "token " << token;
    }
    EXPECT_EQ(cache.length(), 9);
  }
}

TEST(Llama, ABfloat16DecoderStepsInFloat32InEightBits) {
  const torch::NoGradGuard no_grad;
  const LlamaConfig config = tiny_llama_config();
  Llama llama = tiny_llama(), rounded = tiny_llama();
  for (torch::Tensor& parameter : llama->parameters()) parameter.requires_grad_(false);
  llama->to(torch::kBFloat16);
  set_weights(rounded, Int8Weights(*llama));
  llama->decode_in_int8();
  const torch::Tensor embeddings = at::randn({2, 6, config.hidden_size}).to(torch::kBFloat16);
  KeyValueCache cache(config.num_hidden_layers, 2, config.num_key_value_heads, 6, config.head_dim, torch::kCPU, torch::kBFloat16);
  KeyValueCache same(config.num_hidden_layers, 2, config.num_key_value_heads, 6, config.head_dim, torch::kCPU, torch::kBFloat16);
  AttentionContext context, with_same;
  context.cache = &cache, with_same.cache = &same;
  EXPECT_EQ(llama->forward(embeddings.narrow(1, 0, 4), context).scalar_type(), torch::kBFloat16);
  llama->forward(embeddings.narrow(1, 0, 4), with_same);
  same.convert(torch::kFloat32);
  for (std::int64_t token = 4; token < 6; ++token) {
    const torch::Tensor next = embeddings.narrow(1, token, 1);
    const torch::Tensor hidden = llama->forward(next, context), expected = rounded->forward(next.to(torch::kFloat32), with_same);
    EXPECT_LT(largest_relative_difference(hidden, expected), 1e-5) << "token " << token;
    EXPECT_LT(largest_relative_difference(llama->logits(hidden), rounded->logits(expected)), 1e-5) << "token " << token;
  }
}

TEST(Llama, SaysWhoCannotDecodeInEightBits) {
  Llama llama = tiny_llama();
  EXPECT_THAT([&] { llama->decode_in_int8(); }, ThrowsMessage<UsageError>(HasSubstr("does not train")));
  EXPECT_FALSE(llama->decodes_in_int8());
  for (torch::Tensor& parameter : llama->parameters()) parameter.requires_grad_(false);
  llama->decode_in_int8();
  KeyValueCache cache(2, 1, 2, 9, 4, torch::kCPU, torch::kFloat32);
  AttentionContext context;
  context.cache = &cache;
  const torch::Tensor embeddings = at::randn({1, 3, 16});
  llama->forward(embeddings, context);
  EXPECT_THAT([&] { llama->forward(embeddings.narrow(1, 0, 1), context); }, ThrowsMessage<Error>(HasSubstr("gradients")));
  LlamaConfig config = tiny_llama_config();
  config.num_attention_heads = 2 * (kernels::kFewRows + 1);
  Llama grouped = tiny_llama(config);
  for (torch::Tensor& parameter : grouped->parameters()) parameter.requires_grad_(false);
  EXPECT_THAT([&] { grouped->decode_in_int8(); },
              ThrowsMessage<UsageError>(HasSubstr("at most " + std::to_string(kernels::kFewRows) + " attention heads")));
}

TEST(Llama, StepsOfFixedShapesEqualOneForwardPass) {
  const torch::NoGradGuard no_grad;
  const LlamaConfig config = tiny_llama_config();
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    Llama llama = tiny_llama();
    llama->to(dtype);
    const torch::Tensor embeddings = llama->embed(at::randint(config.vocab_size, {3, 9}, torch::kInt64));
    const torch::Tensor whole = llama->forward(embeddings, {});
    KeyValueCache cache(config.num_hidden_layers, 3, config.num_key_value_heads, 12, config.head_dim, torch::kCPU, dtype);
    AttentionContext context;
    context.cache = &cache;
    llama->forward(embeddings.narrow(1, 0, 4), context);
    EXPECT_EQ(cache.keys_with(1), 5);
    cache.fix_shapes();
    EXPECT_EQ(cache.keys_with(1), 12);
    for (std::int64_t token = 4; token < 9; ++token) {
      EXPECT_LT(largest_difference(llama->forward(embeddings.narrow(1, token, 1), context), whole.narrow(1, token, 1)), 1e-5) << token;
    }
    EXPECT_THROW(llama->forward(embeddings.narrow(1, 0, 2), context), Error);
  }
}

TEST(Llama, LeftPaddingChangesNothing) {
  const torch::NoGradGuard no_grad;
  const LlamaConfig config = tiny_llama_config();
  Llama llama = tiny_llama();
  const torch::Tensor embeddings = llama->embed(at::randint(config.vocab_size, {1, 6}, torch::kInt64));
  const torch::Tensor alone = llama->forward(embeddings, {});
  for (const std::int64_t padding : {1, 5}) {
    const std::int64_t width = padding + 6;
    const torch::Tensor columns = at::arange(width, torch::kInt64);
    AttentionContext context;
    context.positions = (columns - padding).clamp_min(0).unsqueeze(0);
    const torch::Tensor causal = at::ones({width, width}, torch::kBool).tril();
    context.mask = causal.logical_and(columns >= padding).view({1, 1, width, width});
    const torch::Tensor padded = at::cat({at::full({1, padding, config.hidden_size}, 9.0), embeddings}, 1);
    const torch::Tensor hidden_states = llama->forward(padded, context);
    EXPECT_TRUE(hidden_states.isfinite().all().item<bool>()) << "rows that may attend to nothing";
    EXPECT_LT(largest_difference(hidden_states.narrow(1, padding, 6), alone), 1e-5);
  }
}

TEST(Llama, RightPaddingChangesNothing) {
  torch::manual_seed(1);
  Llama llama = tiny_llama();
  const torch::Tensor ids = at::randint(tiny_llama_config().vocab_size, {1, 6}, torch::kInt64);
  const torch::Tensor longer = at::cat({ids, at::full({1, 3}, 7, torch::kInt64)}, 1);
  EXPECT_LT(largest_difference(logits_of(llama, longer).narrow(1, 0, 6), logits_of(llama, ids)), 1e-5);
}

TEST(Llama, TextsLaidEndToEndDoNotSeeEachOther) {
  const torch::NoGradGuard no_grad;
  Llama llama = tiny_llama();
  AttentionContext context;
  context.lengths = {5, 1, 9};
  std::vector<torch::Tensor> texts, alone;
  for (const std::int64_t length : context.lengths) {
    texts.push_back(llama->embed(at::randint(tiny_llama_config().vocab_size, {1, length}, torch::kInt64)));
    alone.push_back(llama->forward(texts.back(), {}));
  }
  EXPECT_LT(largest_difference(llama->forward(at::cat(texts, 1), context), at::cat(alone, 1)), 1e-5);
}

TEST(Llama, GivesOnlyTheWantedOutputs) {
  const torch::NoGradGuard no_grad;
  Llama llama = tiny_llama();
  const torch::Tensor embeddings = llama->embed(at::randint(tiny_llama_config().vocab_size, {2, 9}, torch::kInt64));
  AttentionContext context;
  context.outputs = torch::tensor({8, 0, 3}, torch::kInt64);
  const torch::Tensor all = llama->forward(embeddings, {});
  EXPECT_LT(largest_difference(llama->forward(embeddings, context), all.index_select(1, context.outputs)), 1e-5);
}

TEST(Llama, ComesBackAsSaved) {
  const TemporaryDirectory folder;
  for (const bool tied : {false, true}) {
    LlamaConfig config = tiny_llama_config();
    config.tie_word_embeddings = tied;
    config.rope_scaling = Llama3RopeScaling{4.0, 1.0, 2.0, 16};
    Llama llama = tiny_llama(config);
    save_llama(llama, folder.path() / "model");
    Llama loaded = load_llama(folder.path() / "model", torch::kCPU, torch::kFloat32);
    const torch::Tensor ids = at::randint(config.vocab_size, {2, 20}, torch::kInt64);
    EXPECT_TRUE(at::equal(logits_of(loaded, ids), logits_of(llama, ids)));
    EXPECT_EQ(loaded->named_parameters().contains("lm_head.weight"), !tied);
    EXPECT_FALSE(loaded->is_training());
    for (const torch::Tensor& parameter : loaded->parameters()) EXPECT_FALSE(parameter.requires_grad());
    const LlamaConfig& read = loaded->config;
    EXPECT_EQ(read.bos_token_id, config.bos_token_id);
    EXPECT_EQ(read.eos_token_ids, config.eos_token_ids);
    EXPECT_EQ(read.max_position_embeddings, config.max_position_embeddings);
  }
}

// Writes a tied model's directory with the given tensors added or taken away.
void save_changed(const fs::path& directory, const std::function<void(weights::TensorMap&)>& change) {
  LlamaConfig config = tiny_llama_config();
  config.tie_word_embeddings = true;
  Llama llama = tiny_llama(config);
  save_llama(llama, directory);
  weights::TensorMap tensors = weights::read_safetensors(directory / "model.safetensors");
  change(tensors);
  weights::write_safetensors(directory / "model.safetensors", tensors);
}

TEST(LoadLlama, AcceptsTheSpellingsOfTiedCheckpoints) {
  const TemporaryDirectory folder;
  const torch::Tensor ids = at::randint(40, {1, 9}, torch::kInt64);
  const auto logits = [&](const std::function<void(weights::TensorMap&)>& change) {
    save_changed(folder.path(), change);
    Llama llama = load_llama(folder.path(), torch::kCPU, torch::kFloat32);
    return logits_of(llama, ids);
  };
  const torch::Tensor plain = logits([](auto&) {});
  const auto embedding = [](weights::TensorMap& tensors) { return tensors.at("model.embed_tokens.weight"); };
  EXPECT_TRUE(at::equal(plain, logits([&](auto& tensors) { tensors["lm_head.weight"] = embedding(tensors); })));
  EXPECT_TRUE(at::equal(plain, logits([&](auto& tensors) {
                          tensors["lm_head.weight"] = embedding(tensors);
                          tensors.erase("model.embed_tokens.weight");
                        })));
  EXPECT_TRUE(at::equal(plain, logits([](auto& tensors) { tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch::ones({2}); })));
  // As transformers does: a head of its own is used whatever the configuration says.
  EXPECT_TRUE(at::allclose(plain * 2, logits([&](auto& tensors) { tensors["lm_head.weight"] = embedding(tensors) * 2; })));
}

TEST(LoadLlama, NamesEveryWeightThatDoesNotFit) {
  const TemporaryDirectory folder;
  save_changed(folder.path(), [](weights::TensorMap& tensors) {
    tensors.erase("model.norm.weight");
    tensors["model.layers.2.mlp.up_proj.weight"] = torch::ones({24, 16});
    tensors["model.layers.0.self_attn.k_proj.weight"] = torch::ones({16, 16});
  });
  try {
    load_llama(folder.path(), torch::kCPU, torch::kFloat32);
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("missing: model.norm.weight"));
    EXPECT_THAT(error.what(), testing::HasSubstr("unexpected: model.layers.2.mlp.up_proj.weight"));
    EXPECT_THAT(error.what(),
                testing::HasSubstr("wrong shape: model.layers.0.self_attn.k_proj.weight: checkpoint [16, 16], model [8, 16]"));
  }
}

TEST(Llama, InitialWeightsFollowTheSeed) {
  Llama a(tiny_llama_config()), b(tiny_llama_config()), c(tiny_llama_config());
  initialize_weights(a, 1);
  initialize_weights(b, 1);
  initialize_weights(c, 2);
  const auto weight = [](Llama& llama) { return llama->model->embed_tokens->weight; };
  EXPECT_TRUE(at::equal(weight(a), weight(b)));
  EXPECT_FALSE(at::equal(weight(a), weight(c)));
  EXPECT_NEAR(weight(a).std().item<double>(), 0.02, 0.002);
  EXPECT_TRUE(at::equal(a->model->norm->weight, torch::ones({16})));
}

}  // namespace
}  // namespace midillama::model
