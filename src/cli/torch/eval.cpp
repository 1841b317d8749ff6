#include "cli/commands/eval.h"

#include "cli/torch/device.h"
#include "midillama/core/error.h"
#include "midillama/eval/classes.h"
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

void answer_questions(const config::Config& given, const EvalCommand& command) {
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

void require_untouched(const EvalCommand& command, bool is_untouched, const char* option) {
  if (!is_untouched) throw UsageError(fmt::format("{} has no meaning for --task {}", option, command.task));
}

// What is said of questions means nothing where none are asked.
void require_no_questions(const EvalCommand& command) {
  require_untouched(command, command.music == EvalCommand().music, "--music");
  require_untouched(command, command.beside.empty(), "--beside");
}

void require_no_server(const EvalCommand& command) {
  require_untouched(command, command.system.empty(), "--system");
  require_untouched(command, command.endpoint.empty(), "--endpoint");
  require_untouched(command, command.model.empty(), "--model");
  require_untouched(command, !command.replay, "--replay");
}

// One rank does it all.
void score(const config::Config& given, const EvalCommand& command, const std::string& stage,
           runs::ScoreTable (*evaluate)(const config::Config& config, const std::filesystem::path& checkpoint, torch::Device device)) {
  require_no_questions(command);
  require_no_server(command);
  const auto checkpoint = runs::find_checkpoint_of(given, stage, command.checkpoint);
  const config::Config config = runs::as_trained(given, checkpoint);
  const torch::Device device = prepare_device(config.run);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(config.run.timeout));
  if (group->is_main()) std::cout << runs::to_text(evaluate(config, checkpoint, device));
}

void tell_classes(const config::Config& given, const EvalCommand& command) {
  if (given.system != "endpoint") return score(given, command, "classify", eval::evaluate_classes);
  require_no_questions(command);
  if (!command.checkpoint.empty()) throw UsageError("--checkpoint: a server's model has none (system endpoint)");
  std::cout << runs::to_text(eval::evaluate_served_classes(given));
}

void rank_phrases(const config::Config& given, const EvalCommand& command) {
  score(given, command, "melody", eval::evaluate_melody);
}

struct Task {
  const char* name;
  void (*run)(const config::Config& given, const EvalCommand& command);
};

constexpr Task kTasks[] = {{"caption", answer_questions}, {"qa", answer_questions}, {"unseen", answer_questions},
                           {"genre", tell_classes},       {"style", tell_classes},  {"melody", rank_phrases}};

}  // namespace

void run(const config::Config& given, const EvalCommand& command) {
  const auto* task = std::ranges::find_if(kTasks, [&](const Task& known) { return known.name == command.task; });
  if (task == std::end(kTasks)) throw UsageError(fmt::format("--task: there is no task {}", command.task));
  task->run(given, command);
}

}  // namespace midillama::cli
