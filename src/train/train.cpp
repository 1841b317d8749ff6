#include "midillama/config/config.h"
#include "midillama/config/flatten.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/parallel/agreement.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/checkpoints.h"
#include "midillama/runs/files.h"
#include "midillama/runs/metrics.h"
#include "midillama/runs/run_directory.h"
#include "midillama/runs/trained_with.h"
#include "midillama/runs/trainer_state.h"
#include "midillama/shapes/prompt.h"
#include "midillama/train/trainer.h"
#include "train/trainer.h"

#include <fmt/format.h>

#include <memory>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

void check(const config::Config& config, const TrainOptions& options) {
  const StageRow& row = stage_row(options.stage);
  if (options.resume && options.overwrite) throw UsageError("--resume and --overwrite exclude each other");
  if (!options.init.empty() && !row.takes_init) throw UsageError(fmt::format("--init has no meaning for {}", options.stage));
  if (row.takes_init && config.system == "endpoint")
    throw ConfigError({"system: an endpoint is asked, not trained: `midillama eval` asks it; midillama and abc can be trained"});
}

// A script that runs all stages runs them for every system.
bool has_nothing_to_train(const config::Config& config, const std::string& stage) {
  return stage == "align" && shapes::hears_text(config);
}

// "loss 2.31 → 0.84, validation 0.91"
std::string describe_losses(const fs::path& metrics) {
  std::optional<double> first, last, valid;
  for (const Json& row : runs::read_metrics(metrics)) {
    const double loss = row.at("loss").get<double>();
    if (row.contains("split")) {
      valid = loss;
    } else {
      if (!first) first = loss;
      last = loss;
    }
  }
  if (!first) return "its metrics.jsonl has no losses";
  return fmt::format("loss {:.4f} -> {:.4f}{}", *first, *last, valid ? fmt::format(", validation {:.4f}", *valid) : "");
}

runs::Start start_of(const TrainOptions& options) {
  if (options.resume) return runs::Start::resume;
  return options.overwrite ? runs::Start::overwrite : runs::Start::fresh;
}

// The checkpoint that a run starts from; empty: none.
fs::path initial_checkpoint(const config::Config& config, const TrainOptions& options) {
  if (!options.init.empty()) return runs::find_checkpoint(config, options.init);
  const std::string& stage = stage_row(options.stage).default_init;
  if (stage.empty() || has_nothing_to_train(config, stage)) return {};
  if (const auto last = runs::last_checkpoint(config, stage)) {
    runs::warn_if_unfinished(*last);
    return *last;
  }
  return {};
}

// What nobody chose is as in the checkpoint that the run goes on or starts from. The main rank compares the rest for all; a resumed run
// compares more of it later.
void follow(config::Config& config, const StageContext& context) {
  if (!context.resume_from && context.group.is_main()) {
    config = runs::as_trained(std::move(config), context.init);
  } else {
    runs::adopt(config, context.resume_from.value_or(context.init));
  }
}

// Otherwise the ranks would train together without noticing.
void require_agreement(parallel::ProcessGroup& group, const config::Config& config, Stage& stage) {
  if (group.size() == 1) return;
  Json known = config::shared_settings(config);
  known["the fingerprint of the data"] = stage.data_fingerprint();
  known["the fingerprint of the parameters"] = parallel::parameters_fingerprint(stage.module());
  parallel::require_agreement(group, known);
}

struct Outcome {
  int signal = 0;  // that ended the run before its last step
  std::string message;
};

Outcome train_on(parallel::ProcessGroup& group, torch::Device device, config::Config config, const TrainOptions& options) {
  if (config.train.batch_size < group.size()) {
    throw UsageError(
        fmt::format("train.batch_size is {}, but there are {} ranks: each needs an example", config.train.batch_size, group.size()));
  }
  const fs::path directory = config::stage_dir(config, options.stage);
  if (has_nothing_to_train(config, options.stage)) {
    if (group.is_main())
      log::info("{} trains the projector, and system {} has none: nothing was done, and sft starts from the decoder as it is",
                options.stage, config.system);
    return {};
  }
  std::unique_ptr<runs::RunDirectory> run;
  if (group.is_main()) {
    log::keep_for_file();
    run = std::make_unique<runs::RunDirectory>(directory, options.stage, start_of(options));
  } else {
    log::set_level(log::Level::error);  // the main rank says the rest
  }
  const fs::path working = group.all_gather(run ? run->working().string() : "").front();
  const auto resume_from = options.resume ? runs::last_checkpoint(config, options.stage) : std::nullopt;
  if (resume_from && !options.init.empty()) {
    log::warning("--init {} has no effect: the run goes on from its own checkpoint, {}", options.init.string(), resume_from->string());
  }
  const StageContext context{config, device, group, working, resume_from, resume_from ? fs::path() : initial_checkpoint(config, options)};
  follow(config, context);

  if (resume_from) runs::require_same_settings(runs::TrainerState::read(*resume_from), config, *resume_from);
  const auto stage = make_stage(options.stage, context);
  require_agreement(group, config, *stage);
  stage->module().train();
  Trainer trainer(config, options.stage, context, *stage, run.get());
  const int signal = trainer.run();
  group.barrier();
  if (signal != 0) {
    return {signal, fmt::format("{} was stopped by {} after {}, and its checkpoint is in {}: the same command with --resume goes on",
                                options.stage, signal_name(signal), trainer.place(), (directory / runs::kLastLink).string())};
  }
  if (group.is_main()) {
    log::info("{} is complete: {}; see {} (loss.svg, metrics.jsonl, last)", options.stage, describe_losses(directory / runs::kMetricsFile),
              directory.string());
  }
  return {};
}

}  // namespace

fs::path train(const config::Config& config, const TrainOptions& options) {
  check(config, options);
  const config::Config resolved = config::resolve_stage(config, options.stage);
  const torch::Device device = parallel::choose_device(resolved.run.device);
  parallel::set_threads(resolved.run.threads);
  Outcome outcome;
  {
    const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(resolved.run.timeout));
    outcome = train_on(*group, device, resolved, options);
  }
  // Only when the ranks have parted: none of them failed.
  if (outcome.signal != 0) throw Interrupted(outcome.signal, outcome.message);
  return config::stage_dir(resolved, options.stage);
}

}  // namespace midillama::train
