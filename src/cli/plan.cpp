#include "command.h"
#include "commands.h"
#include "midillama/core/error.h"
#include "midillama/core/machine.h"
#include "midillama/shapes/memory_plan.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <memory>

namespace midillama::cli {
namespace {

constexpr double kGiB = 1 << 30;

struct Options {
  Common common;
  std::string stage;
  double gpu_memory = 0;  // GiB; 0: this machine's
  std::int64_t ranks = 0;
  std::int64_t tokens = 0;
  std::int64_t answer_tokens = 0;
  bool json = false;
};

struct Device {
  bool gpu = false;
  std::int64_t memory = 0;  // bytes of one rank
};

Device device_of(const Options& options, const config::Config& config, std::int64_t ranks) {
  if (options.gpu_memory > 0) return {true, static_cast<std::int64_t>(options.gpu_memory * kGiB)};
  if (config.run.device != "cpu") {
    if (const auto found = gpus(); !found.empty()) return {true, found.front().memory.total};
    if (config.run.device == "cuda")
      throw UsageError("run.device is cuda, but nvidia-smi shows no GPU: give --gpu-memory to plan for another machine");
  }
  return {false, machine_memory().total / ranks};
}

void plan(const Options& options) {
  const config::Config config = options.common.load();
  const char* world_size = std::getenv("WORLD_SIZE");
  const std::int64_t ranks = options.ranks > 0 ? options.ranks : std::max(1LL, world_size != nullptr ? std::atoll(world_size) : 1LL);
  const Device device = device_of(options, config, ranks);
  OrderedJson plans = OrderedJson::array();
  std::string text;
  for (const std::string& stage : options.stage.empty() ? std::vector<std::string>{"align", "sft"} : std::vector{options.stage}) {
    const auto work = shapes::Workload::read(config, stage, device.gpu, ranks, options.tokens, options.answer_tokens);
    plans.push_back(shapes::plan_json(work, device.memory));
    text += (text.empty() ? "" : "\n") + shapes::plan_text(work, device.memory);
  }
  std::cout << (options.json ? plans.dump(2) + "\n" : text);
}

}  // namespace

void add_plan(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "plan", "The memory that align and sft need, from config.json alone, and the largest micro-batch that fits",
                  "midillama plan --stage sft --set lora.rank=16 --gpu-memory 48 --ranks 2", options->common);
  command->add_option("--stage", options->stage, "align or sft; both by default")->check(CLI::IsMember({"align", "sft"}));
  command->add_option("--gpu-memory", options->gpu_memory, "Plan for GPUs of this memory (default: this machine's GPU, else its RAM)")
      ->check(CLI::PositiveNumber)
      ->type_name("GIB");
  command->add_option("--ranks", options->ranks, "Plan for so many ranks (default: WORLD_SIZE, else 1)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--tokens", options->tokens, "Tokens of one example, musical ones included (default: prompt.max_length)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--answer-tokens", options->answer_tokens, "How many of these are answer (default: generate.max_new_tokens)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_flag("--json", options->json, "Print one JSON list, an object a stage, all sizes in bytes");
  command->callback([options] { plan(*options); });
}

}  // namespace midillama::cli
