#include "midillama/config/config.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/parallel/process_group.h"
#include "midillama/train/checkpoint.h"
#include "midillama/train/trainer.h"
#include "train/metrics_log.h"
#include "train/run_directory.h"
#include "train/trainer.h"

#include <ATen/Parallel.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

void check(const TrainOptions& options) {
  const auto& stages = config::stage_names();
  if (std::ranges::find(stages, options.stage) == stages.end()) {
    throw UsageError(fmt::format("unknown stage \"{}\": there are {}", options.stage, fmt::join(stages, ", ")));
  }
  if (options.resume && options.overwrite) throw UsageError("--resume and --overwrite exclude each other");
  if (!options.init.empty() && options.stage.starts_with("pretrain-"))
    throw UsageError(fmt::format("--init has no meaning for {}", options.stage));
}

void set_threads(const config::Run& run) {
  const auto cores = static_cast<std::int64_t>(std::thread::hardware_concurrency());
  at::set_num_threads(static_cast<int>(run.threads > 0 ? run.threads : std::max<std::int64_t>(1, cores / parallel::local_size())));
}

// "loss 2.31 → 0.84, validation 0.91"
std::string describe_losses(const fs::path& metrics) {
  std::optional<double> first, last, valid;
  for (const Json& row : read_metrics(metrics)) {
    const double loss = row.at("loss").get<double>();
    if (row.contains("split")) {
      valid = loss;
    } else {
      if (!first) first = loss;
      last = loss;
    }
  }
  return fmt::format("loss {:.4f} -> {:.4f}{}", first.value_or(0), last.value_or(0),
                     valid ? fmt::format(", validation {:.4f}", *valid) : "");
}

}  // namespace

fs::path train(const config::Config& config, const TrainOptions& options) {
  check(options);
  const config::Config resolved = config::resolve_stage(config, options.stage);
  const torch::Device device = parallel::choose_device(resolved.run.device);
  set_threads(resolved.run);
  const auto group = parallel::ProcessGroup::from_environment(device, std::chrono::seconds(resolved.run.timeout));
  if (resolved.train.batch_size < group->size()) {
    throw UsageError(
        fmt::format("train.batch_size is {}, but there are {} ranks: each needs an example", resolved.train.batch_size, group->size()));
  }

  const fs::path directory = config::stage_dir(resolved, options.stage);
  if (group->is_main()) {
    open_run_directory(directory, resolved, options);
    log::attach_file(directory / "log.txt");
  } else {
    log::set_level(log::Level::error);  // the main rank says the rest
  }
  group->barrier();
  const auto resume_from = options.resume ? last_checkpoint(resolved, options.stage) : std::nullopt;

  const StageContext context{resolved, device, *group, directory, resume_from, options.init};
  const auto stage = make_stage(options.stage, context);
  stage->module().train();
  Trainer(resolved, options.stage, context, *stage).run();
  group->barrier();
  if (group->is_main()) {
    log::info("{} is complete: {}; see {} (loss.svg, metrics.jsonl, last)", options.stage, describe_losses(directory / "metrics.jsonl"),
              directory.string());
  }
  return directory;
}

}  // namespace midillama::train
