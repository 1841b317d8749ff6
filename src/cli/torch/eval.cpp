#include "cli/commands/eval.h"

#include "cli/torch/device.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/report.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/trained_with.h"
#include "midillama/systems/answerer.h"

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
  if (command.music == "all") {
    options.systems = systems::comparison_names();
    options.writes_report = true;
  } else {
    options.systems = {command.music};
  }
  const eval::Report report = eval::evaluate(config, options, device, *group);
  if (group->is_main()) std::cout << eval::to_text(report);
}

}  // namespace midillama::cli
