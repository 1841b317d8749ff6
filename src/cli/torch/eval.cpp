#include "cli/commands/eval.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/report.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/trained_with.h"
#include "midillama/systems/answerer.h"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace midillama::cli {

namespace {

// The checkpoint and the configuration to use it with; no checkpoint where there is none and nothing that answers needs one.
runs::Used used_by(const config::Config& given, const std::vector<std::string>& systems, const std::string& checkpoint) {
  if (given.system == "endpoint") {
    if (!checkpoint.empty()) throw UsageError("--checkpoint: a server's model has none (system endpoint)");
    return {.checkpoint = {}, .config = given};
  }
  const bool is_needed =
      std::ranges::any_of(systems, [&](const std::string& name) { return systems::kind_from_name(name).needs_checkpoint(given); });
  if (!is_needed && checkpoint.empty() && !runs::newest_checkpoint(given)) return {.checkpoint = {}, .config = given};
  return runs::use_checkpoint(given, checkpoint);
}

}  // namespace

void run(const config::Config& given, const EvalCommand& command) {
  eval::EvalOptions options;
  options.leaves_out = std::ranges::count(command.music, "all") > 0;
  options.systems = options.leaves_out ? systems::comparison_names() : command.music;
  options.writes_report = options.systems.size() > 1;
  const auto [checkpoint, config] = used_by(given, options.systems, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(config.run.timeout));
  options.task = command.task;
  options.checkpoint = checkpoint;
  options.beside = command.beside;
  const eval::Report report = eval::evaluate(config, options, device, *group);
  if (group->is_main()) std::cout << eval::to_text(report);
}

}  // namespace midillama::cli
