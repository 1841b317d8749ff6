#include "cli/commands/eval.h"

#include "cli/torch/device.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/report.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/trained_with.h"
#include "midillama/systems/answerer.h"

#include <algorithm>
#include <chrono>
#include <iostream>

namespace midillama::cli {

void run(const config::Config& given, const EvalCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(config.run.timeout));
  eval::EvalOptions options;
  options.task = command.task;
  options.checkpoint = checkpoint;
  options.beside = command.beside;
  const bool all = std::ranges::count(command.music, "all") > 0;
  options.systems = all ? systems::comparison_names() : command.music;
  options.writes_report = options.systems.size() > 1;
  const eval::Report report = eval::evaluate(config, options, device, *group);
  if (group->is_main()) std::cout << eval::to_text(report);
}

}  // namespace midillama::cli
