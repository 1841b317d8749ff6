#include "midillama/shapes/memory_plan.h"

#include "midillama/config/config.h"
#include "midillama/core/error.h"
#include "midillama/shapes/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama::shapes {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kGiB = 1 << 30;

// The paper's configuration beside Llama-3-8B's and MusicBERT-base's shapes (the defaults of both structs), without any file of theirs.
Workload paper(const std::string& stage, const std::vector<std::string>& overrides = {}) {
  Workload work;
  work.config = config::resolve_stage(config::load("configs/llama3-8b/default.yaml", overrides), stage);
  work.stage = stage;
  work.gpu = true;
  work.ranks = 2;
  work.tokens = work.config.prompt.max_length;
  work.answer_tokens = work.config.generate.max_new_tokens;
  return work;
}

// Six numbers wide and two blocks deep, so that every size can be told apart.
Workload tiny(const std::string& stage) {
  Workload work;
  work.config.llm.dtype = "float32";
  work.config.lora.dropout = 0;
  work.config.lora.rank = 3;
  work.stage = stage;
  work.llm.vocab_size = 50;
  work.llm.hidden_size = 12;
  work.llm.num_attention_heads = 2;
  work.llm.num_key_value_heads = 1;
  work.llm.head_dim = 10;
  work.llm.intermediate_size = 70;
  work.llm.num_hidden_layers = 2;
  work.encoder.hidden_size = 5;
  work.encoder.intermediate_size = 5;
  work.tokens = 1000;
  work.answer_tokens = 100;
  return work;
}

TEST(Parameters, OfLlama38BFromItsShapeAlone) {
  EXPECT_EQ(count_parameters(LlamaConfig()), 8'030'261'248);
  EXPECT_EQ(count_lora_parameters(LlamaConfig(), config::Lora()), 20'971'520);
  config::Lora two;
  two.target_modules = {"q_proj", "v_proj"};
  EXPECT_EQ(count_lora_parameters(LlamaConfig(), two), 3'407'872);
  two.rank = 16;
  EXPECT_EQ(count_lora_parameters(LlamaConfig(), two), 2 * 3'407'872);
}

TEST(Parameters, TokensAndTargetsMeetEachMatrixOnce) {
  const LlamaConfig llm;
  const MetWeights met = met_weights(llm);
  EXPECT_EQ(met.per_target, 4096 * 4096 + 3 * 4096 * 14336 + 128256 * 4096);
  const std::int64_t norms_and_table = (2 * 32 + 1) * 4096 + 128256 * 4096;
  EXPECT_EQ(met.per_token + met.per_target, count_parameters(llm) - norms_and_table);
}

TEST(Parameters, OfThePapersStages) {
  const ParameterCounts align = count_parameters(paper("align"));
  EXPECT_EQ(align.projector, 768 * 4096 + 4096);
  EXPECT_EQ(align.lora, 0);
  EXPECT_EQ(align.trained(), align.projector);
  const ParameterCounts sft = count_parameters(paper("sft"));
  EXPECT_EQ(sft.trained(), align.projector + 20'971'520);
  EXPECT_EQ(count_parameters(paper("sft", {"lora.target_modules=[q_proj,v_proj]"})).lora, 3'407'872);
}

TEST(Parameters, OfMusicBertBase) {
  EXPECT_NEAR(static_cast<double>(count_parameters(MusicBertConfig())), 101.7e6, 0.3e6);
}

TEST(Parameters, ATiedDecoderHasOneTable) {
  LlamaConfig tied;
  tied.tie_word_embeddings = true;
  EXPECT_EQ(count_parameters(LlamaConfig()) - count_parameters(tied), 128256 * 4096);
}

TEST(PaperConfig, SaysWhatThePaperSays) {
  for (const char* stage : {"align", "sft"}) {
    const Workload work = paper(stage);
    const auto& train = work.config.train;
    EXPECT_EQ(train.learning_rate, 5e-4);
    EXPECT_EQ(train.warmup_ratio, 0.03);
    EXPECT_EQ(train.batch_size, 16);
    EXPECT_EQ(work.config.lora.rank, 8);
    EXPECT_EQ(work.config.llm.dtype, "bfloat16");
    EXPECT_EQ(work.config.music_encoder.tokens, 1);
    EXPECT_EQ(work.config.prompt.template_text, "plain");
  }
}

TEST(PaperConfig, FitsTwoGpusOf48GB) {
  for (const char* stage : {"align", "sft"}) {
    const Workload work = paper(stage);
    EXPECT_EQ(work.share(), 8);
    EXPECT_GE(largest_micro_batch(work, 48 * kGiB), work.micro_batch_size()) << stage;
  }
  EXPECT_EQ(largest_micro_batch(paper("sft"), 12 * kGiB), 0) << "the weights alone have 15 GiB";
}

TEST(MemoryPlan, WeightsAdaptersGradientsAndMoments) {
  const MemoryPlan plan = plan_memory(paper("sft"), 4);
  const std::int64_t trained = 20'971'520 + 768 * 4096 + 4096;
  EXPECT_EQ(plan.weights, 2 * 8'030'261'248);
  EXPECT_EQ(plan.adapters, 4 * trained);
  EXPECT_EQ(plan.gradients, 4 * trained);
  EXPECT_EQ(plan.optimizer, 8 * trained);
  EXPECT_EQ(plan.total(), plan.process + plan.weights + plan.adapters + plan.gradients + plan.optimizer + plan.activations +
                              plan.activations / 10 + std::max(plan.logits, plan.backward));
}

// What the header's table says, written out for one block.
TEST(MemoryPlan, ActivationsOfEachKindOfAdapter) {
  const std::int64_t h = 12, q = 20, k = 10, f = 70, heads = 2, n = 1000, answers = 100, rank = 3;
  const auto expected = [&](std::int64_t before, std::int64_t behind, std::int64_t w) {
    return n * 2 * before + (n + answers) * behind + answers * h * (4 + 2 * w);
  };
  const std::int64_t before = h + 2 * q + 2 * k, behind = h + 2 * f;
  Workload work = tiny("align");
  EXPECT_EQ(plan_memory(work, 1).activations, expected(4 * before + 4 * heads, 4 * behind, 4));

  work = tiny("sft");
  EXPECT_EQ(plan_memory(work, 1).activations, expected(4 * before + 4 * heads + 3 * 4 * rank, 4 * behind + 4 * 4 * rank, 4));
  work.config.lora.dropout = 0.1;
  EXPECT_EQ(plan_memory(work, 1).activations,
            expected(4 * before + 4 * heads + 3 * 4 * rank + 3 * h, 4 * behind + 4 * 4 * rank + q + 2 * h + f, 4));
  work.config.lora.target_modules = {"q_proj", "v_proj"};
  EXPECT_EQ(plan_memory(work, 1).activations, expected(4 * before + 4 * heads + 2 * 4 * rank + 2 * h, 4 * behind, 4));

  work = tiny("sft");
  work.config.llm.dtype = "bfloat16";
  EXPECT_EQ(plan_memory(work, 1).activations, expected(2 * before + 4 * heads + 3 * 4 * rank, 2 * behind + 4 * 4 * rank, 2));
}

TEST(MemoryPlan, ActivationCheckpointingKeepsEachBlocksInput) {
  Workload work = tiny("align");
  const MemoryPlan kept = plan_memory(work, 1);
  work.config.train.activation_checkpointing = true;
  const MemoryPlan plan = plan_memory(work, 1);
  const std::int64_t h = 12, q = 20, k = 10, f = 70, heads = 2, n = 1000, answers = 100;
  EXPECT_EQ(plan.activations, n * (2 * 4 * h + 4 * (2 * h + 2 * q + 2 * k + 2 * f) + 4 * heads) + answers * h * (4 + 2 * 4));
  work.llm.num_hidden_layers = 8;
  EXPECT_EQ(plan_memory(work, 1).allocator, kept.allocator);  // of two blocks
}

// bench/compare_plan's model, whose peak was measured with 8 examples of 128 tokens, 29 of them answer: 1,642 MiB.
TEST(MemoryPlan, ComesWithinTenPercentOfAMeasuredRun) {
  Workload work = tiny("sft");
  work.config.lora = config::Lora();
  work.llm = LlamaConfig();
  work.llm.vocab_size = 32000;
  work.llm.hidden_size = 1024;
  work.llm.intermediate_size = 2816;
  work.llm.num_hidden_layers = 8;
  work.llm.num_attention_heads = 16;
  work.llm.num_key_value_heads = 4;
  work.llm.head_dim = 64;
  work.encoder.hidden_size = 128;
  work.tokens = 128;
  work.answer_tokens = 29;
  const double planned = static_cast<double>(plan_memory(work, 8).total()) / (1 << 20);
  EXPECT_NEAR(planned, 1642, 164);
}

TEST(MemoryPlan, TheLargestMicroBatchIsTheLastThatFits) {
  Workload work = tiny("sft");
  const std::int64_t five = plan_memory(work, 5).total();
  EXPECT_EQ(largest_micro_batch(work, five), 5);
  EXPECT_EQ(largest_micro_batch(work, five - 1), 4);
  EXPECT_EQ(largest_micro_batch(work, 1000 * kGiB), 16) << "the rank's share of the batch";
}

TEST(MemoryPlan, ATokenBudgetBoundsAPassThatShorterExamplesFill) {
  Workload work = tiny("sft");
  work.config.train.micro_batch_tokens = 2500;
  EXPECT_EQ(work.tokens_at_once(2), 2000);
  EXPECT_EQ(work.tokens_at_once(16), 2500) << "not two examples of 1000: shorter ones leave no room";
  work.config.train.micro_batch_tokens = 10;
  EXPECT_EQ(work.tokens_at_once(16), 1000) << "a longer example stands alone";
  EXPECT_EQ(plan_memory(work, 16).total(), plan_memory(tiny("sft"), 1).total());
  EXPECT_THAT(plan_text(work, kGiB), HasSubstr("at most 10 tokens at once"));
}

TEST(MemoryPlan, ADeterministicReductionHoldsTheGradientsOfAllRanks) {
  Workload work = tiny("sft");
  work.ranks = 4;
  const auto once = plan_memory(work, 1).gradients;
  work.config.train.deterministic_reduction = true;
  EXPECT_EQ(plan_memory(work, 1).gradients, 6 * once);
  work.config.train.micro_batch_size = 6;
  EXPECT_EQ(work.micro_batch_size(), 6) << "cut from the global batch, not from a rank's share of 4";
}

TEST(MemoryPlan, OnlyAlignAndSftCanBePlanned) {
  EXPECT_THROW(Workload::read(config::Config(), "pretrain-llm", false, 1), UsageError);
}

TEST(MemoryPlan, TextAndJsonSayTheSame) {
  const Workload work = paper("sft");
  const OrderedJson json = plan_json(work, 48 * kGiB);
  EXPECT_EQ(json["parameters"]["lora"], 20'971'520);
  EXPECT_EQ(json["bytes"]["total"], plan_memory(work, 4).total());
  EXPECT_TRUE(json["fits"]);
  const std::string text = plan_text(work, 48 * kGiB);
  EXPECT_THAT(text, HasSubstr("sft: trains 24,121,344 parameters (projector 3,149,824, LoRA 20,971,520), 8,030,261,248 frozen"));
  EXPECT_THAT(text, HasSubstr("the largest micro-batch that fits: " + json["largest_micro_batch_size"].dump()));
  EXPECT_THAT(plan_text(work, 12 * kGiB), HasSubstr("not even one example fits"));
}

}  // namespace
}  // namespace midillama::shapes
