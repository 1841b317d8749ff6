#include "cli/commands/plan.h"

#include "midillama/core/error.h"
#include "midillama/core/json_text.h"
#include "midillama/core/machine.h"
#include "midillama/shapes/memory_plan.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

namespace midillama::cli {
namespace {

constexpr double kGiB = 1 << 30;

struct Device {
  bool gpu = false;
  std::int64_t memory = 0;  // bytes of one rank
};

Device device_of(const PlanCommand& command, const config::Config& config, std::int64_t ranks) {
  if (command.gpu_memory > 0) return {true, static_cast<std::int64_t>(command.gpu_memory * kGiB)};
  if (config.run.device != "cpu") {
    if (const auto found = gpus(); !found.empty()) return {true, found.front().memory.total};
    if (config.run.device == "cuda")
      throw UsageError("run.device is cuda, but nvidia-smi shows no GPU: give --gpu-memory to plan for another machine");
  }
  return {false, machine_memory().total / ranks};
}

}  // namespace

void run(const config::Config& config, const PlanCommand& command) {
  const char* world_size = std::getenv("WORLD_SIZE");
  const std::int64_t ranks = command.ranks > 0 ? command.ranks : std::max(1LL, world_size != nullptr ? std::atoll(world_size) : 1LL);
  const Device device = device_of(command, config, ranks);
  OrderedJson plans = OrderedJson::array();
  std::string text;
  for (const std::string& stage : command.stage.empty() ? std::vector<std::string>{"align", "sft"} : std::vector{command.stage}) {
    const auto work = shapes::Workload::read(config, stage, device.gpu, ranks, command.tokens, command.answer_tokens);
    plans.push_back(shapes::plan_json(work, device.memory));
    text += (text.empty() ? "" : "\n") + shapes::plan_text(work, device.memory);
  }
  std::cout << (command.json ? json_text(plans, 2) + "\n" : text);
}

}  // namespace midillama::cli
