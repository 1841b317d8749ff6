#include "midillama/shapes/memory_plan.h"

#include "midillama/config/config.h"
#include "midillama/core/numbers.h"
#include "midillama/octuple/octuple.h"
#include "midillama/shapes/parameters.h"
#include "midillama/shapes/pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace midillama::shapes {
namespace {

constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kFloat = 4;  // bytes

// Resident memory of a training process around what is planned here, with a LibTorch that has CUDA libraries, as bench/compare_plan
// measures it; and what a CUDA context and cuBLAS take of a GPU.
constexpr std::int64_t kCpuProcess = 450 * kMiB;
constexpr std::int64_t kGpuProcess = 800 * kMiB;

// What lies idle between the activations: rows of size f a block on a CPU, a tenth of them on a GPU.
constexpr std::int64_t kCpuIdleRows = 2, kGpuIdleShare = 10;

constexpr std::int64_t kRowsInFlight = 4;  // of size f, when the gradient passes through silu(gate) · up

std::int64_t width(const std::string& dtype) {
  return dtype == "float32" ? kFloat : 2;
}

// Bytes that the adapters of one block keep of a token, of those layers whose names are in `names`.
std::int64_t adapter_bytes(const Workload& work, const std::set<std::string>& names) {
  const config::Lora& lora = work.config.lora;
  std::int64_t bytes = 0;
  for (const LinearShape& linear : block_linears(work.llm)) {
    if (!work.trains_lora() || !names.contains(linear.name) || !is_adapted(lora, linear)) continue;
    bytes += kFloat * lora.rank + (lora.dropout > 0 ? linear.in : 0);
  }
  return bytes;
}

// What a block keeps of one token up to its attention, and what after it.
struct BlockBytes {
  std::int64_t attention = 0;
  std::int64_t after = 0;
};

BlockBytes block_bytes(const Workload& work) {
  const LlamaConfig& llm = work.llm;
  const std::int64_t w = width(work.config.llm.dtype);
  const std::int64_t queries = llm.num_attention_heads * llm.head_dim, keys = llm.num_key_value_heads * llm.head_dim;
  BlockBytes bytes;
  bytes.attention = w * (llm.hidden_size + 2 * queries + 2 * keys) + kFloat * llm.num_attention_heads +
                    adapter_bytes(work, {"q_proj", "k_proj", "v_proj"});
  bytes.after = w * (llm.hidden_size + 2 * llm.intermediate_size) + adapter_bytes(work, {"o_proj", "gate_proj", "up_proj", "down_proj"});
  return bytes;
}

// What all blocks keep: after the last block's attention are the answer tokens only. Of blocks that are run again only their input, and
// one block at a time.
std::int64_t kept_bytes(const Workload& work, const BlockBytes& block, std::int64_t tokens, std::int64_t answers) {
  const std::int64_t blocks = work.llm.num_hidden_layers;
  if (!work.config.train.activation_checkpointing)
    return blocks * tokens * block.attention + ((blocks - 1) * tokens + answers) * block.after;
  return tokens * (blocks * width(work.config.llm.dtype) * work.llm.hidden_size + block.attention + block.after);
}

// Logits of one slice and their log-softmax; after bfloat16 logits the latter is computed in float32, on a CPU from a float32 copy.
std::int64_t logit_bytes(const Workload& work, std::int64_t answers) {
  const std::int64_t rows = std::min(answers, std::max<std::int64_t>(1, logits_at_once(work.gpu) / work.llm.vocab_size));
  const std::int64_t w = width(work.config.llm.dtype);
  const std::int64_t copies = w == kFloat || work.gpu ? 1 : 2;
  return rows * work.llm.vocab_size * (w + copies * kFloat);
}

// The encoder's weights, and of one pass: the joined embeddings of eight fields, later a block's queries, keys, values and feed-forward.
std::int64_t encoder_bytes(const Workload& work) {
  const MusicBertConfig& encoder = work.encoder;
  const std::int64_t w = width(work.config.music_encoder.dtype);
  const std::int64_t size = encoder.hidden_size;
  const std::int64_t row = std::max((octuple::kFields + 1) * size, 6 * size + 2 * encoder.intermediate_size);
  return w * (count_parameters(encoder) + kEncoderOctuplesAtOnce * row);
}

// The rows of a plan by name, in the order of a table.
std::vector<std::pair<const char*, std::int64_t>> parts(const MemoryPlan& plan) {
  return {{"process", plan.process},     {"weights", plan.weights},         {"adapters", plan.adapters},   {"gradients", plan.gradients},
          {"optimizer", plan.optimizer}, {"activations", plan.activations}, {"allocator", plan.allocator}, {"logits", plan.logits},
          {"backward", plan.backward},   {"encoder", plan.encoder}};
}

}  // namespace

std::int64_t Workload::tokens_at_once(std::int64_t micro_batch_size) const {
  const std::int64_t wanted = micro_batch_size * tokens, most = config.train.micro_batch_tokens;
  return most > 0 ? std::min(wanted, std::max(most, tokens)) : wanted;
}

std::int64_t Workload::micro_batch_size() const {
  const std::int64_t most = config.train.deterministic_reduction ? config.train.batch_size : share();
  return config.train.micro_batch_size > 0 ? std::min(config.train.micro_batch_size, most) : most;
}

Workload Workload::read(const config::Config& config, const std::string& stage, bool gpu, std::int64_t ranks, std::int64_t tokens,
                        std::int64_t answer_tokens) {
  if (stage != "align" && stage != "sft")
    throw UsageError(fmt::format("\"{}\" cannot be planned: align and sft, which train on a given decoder, can", stage));
  Workload work;
  work.config = config::resolve_stage(config, stage);
  work.stage = stage;
  work.llm = LlamaConfig::read(config.llm.path);
  work.encoder = MusicBertConfig::read(config.music_encoder.path);
  work.gpu = gpu;
  work.ranks = ranks;
  work.tokens = std::min(tokens > 0 ? tokens : config.prompt.max_length, work.llm.max_position_embeddings);
  work.answer_tokens = std::min(answer_tokens > 0 ? answer_tokens : config.generate.max_new_tokens, work.tokens);
  return work;
}

ParameterCounts count_parameters(const Workload& work) {
  return {count_parameters(work.llm), count_projector_parameters(work.config.projector, work.encoder.hidden_size, work.llm.hidden_size),
          work.trains_lora() ? count_lora_parameters(work.llm, work.config.lora) : 0};
}

std::int64_t MemoryPlan::total() const {
  return process + std::max(encoder, weights + adapters + gradients + optimizer + activations + allocator + std::max(logits, backward));
}

MemoryPlan plan_memory(const Workload& work, std::int64_t micro_batch_size) {
  const ParameterCounts counts = count_parameters(work);
  const std::int64_t tokens = work.tokens_at_once(micro_batch_size), answers = tokens * work.answer_tokens / work.tokens;
  const std::int64_t w = width(work.config.llm.dtype);
  const BlockBytes block = block_bytes(work);
  // Where blocks are run again: the one that runs, and what the one before it left.
  const std::int64_t blocks = work.llm.num_hidden_layers;
  const std::int64_t blocks_in_memory = work.config.train.activation_checkpointing ? std::min<std::int64_t>(2, blocks) : blocks;
  MemoryPlan plan;
  plan.process = work.gpu ? kGpuProcess : kCpuProcess;
  plan.weights = w * counts.llm;
  plan.adapters = kFloat * counts.trained();
  plan.gradients = kFloat * counts.trained() * (work.config.train.deterministic_reduction ? work.ranks + 2 : 1);
  plan.optimizer = 2 * kFloat * counts.trained();
  plan.activations = kept_bytes(work, block, tokens, answers) + answers * work.llm.hidden_size * (kFloat + 2 * w);  // and of the last norm
  plan.allocator =
      work.gpu ? plan.activations / kGpuIdleShare : kCpuIdleRows * kFloat * tokens * blocks_in_memory * work.llm.intermediate_size;
  plan.logits = logit_bytes(work, answers) + w * tokens * work.llm.hidden_size;  // beside them the rows before they were joined
  plan.backward = kRowsInFlight * kFloat * tokens * work.llm.intermediate_size;
  plan.encoder = encoder_bytes(work);
  return plan;
}

std::int64_t largest_micro_batch(const Workload& work, std::int64_t memory) {
  std::int64_t size = 0;
  while (size < work.share() && plan_memory(work, size + 1).total() <= memory) ++size;
  return size;
}

std::int64_t checkpoint_bytes(const Workload& work) {
  return (work.config.train.keep_checkpoints + 1) * 3 * kFloat * count_parameters(work).trained();
}

OrderedJson plan_json(const Workload& work, std::int64_t memory) {
  const ParameterCounts counts = count_parameters(work);
  const MemoryPlan plan = plan_memory(work, work.micro_batch_size());
  OrderedJson bytes = OrderedJson::object();
  for (const auto& [name, value] : parts(plan)) bytes[name] = value;
  bytes["total"] = plan.total();
  const std::int64_t largest = largest_micro_batch(work, memory);
  return {{"stage", work.stage},
          {"device", work.gpu ? "gpu" : "cpu"},
          {"ranks", work.ranks},
          {"parameters", {{"llm", counts.llm}, {"projector", counts.projector}, {"lora", counts.lora}, {"trained", counts.trained()}}},
          {"tokens", work.tokens},
          {"answer_tokens", work.answer_tokens},
          {"micro_batch_size", work.micro_batch_size()},
          {"bytes", bytes},
          {"memory", memory},
          {"fits", plan.total() <= memory},
          {"largest_micro_batch_size", largest}};
}

std::string plan_text(const Workload& work, std::int64_t memory) {
  const ParameterCounts counts = count_parameters(work);
  const MemoryPlan plan = plan_memory(work, work.micro_batch_size());
  std::string text =
      fmt::format("{}: trains {} parameters (projector {}{}), {} frozen\n", work.stage, with_commas(counts.trained()),
                  with_commas(counts.projector), counts.lora > 0 ? ", LoRA " + with_commas(counts.lora) : "", with_commas(counts.llm));
  const std::int64_t bound = work.config.train.micro_batch_tokens;
  text += fmt::format("one {} of {}, micro-batches of {} examples of {} tokens, {} of them answer{}\n", work.gpu ? "GPU" : "CPU rank",
                      work.ranks, work.micro_batch_size(), work.tokens, work.answer_tokens,
                      bound > 0 ? fmt::format("; at most {} tokens at once", with_commas(bound)) : "");
  for (const auto& [name, value] : parts(plan)) text += fmt::format("  {:<12}{:>12}\n", name, gibibytes(value));
  text += fmt::format("  {:<12}{:>12} of {}\n", "at its peak", gibibytes(plan.total()), gibibytes(memory));
  const std::int64_t largest = largest_micro_batch(work, memory);
  if (largest == 0) return text + "not even one example fits: a smaller prompt.max_length or a larger device is needed\n";
  return text + fmt::format("the largest micro-batch that fits: {} of the rank's {} examples{}\n", largest, work.share(),
                            largest < work.micro_batch_size() ? fmt::format(" (set train.micro_batch_size to {} or less)", largest) : "");
}

}  // namespace midillama::shapes
