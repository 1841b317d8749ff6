#include "cli/commands/eval.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/eval/evaluate.h"
#include "midillama/eval/melody.h"
#include "midillama/eval/report.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/score_table.h"
#include "midillama/runs/trained_with.h"
#include "midillama/systems/answerer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <iterator>

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

// A task whose models are compared by numbers of their own: no question is answered.
struct TableTask {
  const char* name;
  const char* stage;  // that trains the model
  runs::ScoreTable (*evaluate)(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device);
};
constexpr TableTask kTableTasks[] = {{"melody", "melody", eval::evaluate_melody}};

std::filesystem::path checkpoint_of(const config::Config& config, const std::string& stage, const std::string& given) {
  if (!given.empty()) return runs::find_checkpoint(config, given);
  const auto last = runs::last_checkpoint(config, stage);
  if (!last)
    throw InputError(
        config.run.dir, "",
        fmt::format("has no checkpoint of the stage {}: run `midillama train --stage {}`, or give --checkpoint", stage, stage));
  runs::warn_if_unfinished(*last);
  return *last;
}

// One rank does it all.
void run_table_task(const TableTask& task, const config::Config& given, const std::string& given_checkpoint) {
  const std::filesystem::path checkpoint = checkpoint_of(given, task.stage, given_checkpoint);
  const config::Config config = runs::as_trained(given, checkpoint);
  const torch::Device device = prepare_device(config.run);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(config.run.timeout));
  if (group->is_main()) std::cout << runs::to_text(task.evaluate(config, checkpoint, device));
}

}  // namespace

void run(const config::Config& given, const EvalCommand& command) {
  const auto* table_task = std::ranges::find(kTableTasks, command.task, &TableTask::name);
  if (table_task != std::end(kTableTasks)) return run_table_task(*table_task, given, command.checkpoint);
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
