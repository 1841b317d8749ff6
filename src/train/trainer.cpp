#include "train/trainer.h"

#include "midillama/config/config.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"
#include "midillama/core/progress.h"
#include "midillama/core/random.h"
#include "midillama/records/question.h"
#include "midillama/runs/files.h"
#include "midillama/runs/loss_curve.h"
#include "midillama/runs/trained_with.h"

#include <torch/utils.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <numeric>
#include <utility>

namespace midillama::train {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A divisor: a batch may be without targets.
double at_least_one(std::int64_t targets) {
  return static_cast<double>(std::max<std::int64_t>(1, targets));
}

std::int64_t steps_of(const config::Train& train, std::int64_t examples) {
  if (train.max_steps > 0) return train.max_steps;
  return std::max<std::int64_t>(
      1, std::llround(std::ceil(train.epochs * static_cast<double>(examples) / static_cast<double>(train.batch_size))));
}

std::int64_t count_numbers(const NamedTensors& tensors) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : tensors) count += tensor.numel();
  return count;
}

std::int64_t count_numbers(torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

// "projector 65,792, LoRA 1,048,576"; a part is what is before the first dot of a name, or the adapters.
std::string describe_parts(const NamedTensors& tensors) {
  std::vector<std::pair<std::string, std::int64_t>> parts;
  for (const auto& [name, tensor] : tensors) {
    const std::string part = name.find(".lora_") != std::string::npos ? "LoRA" : name.substr(0, name.find('.'));
    const auto known = std::ranges::find(parts, part, &std::pair<std::string, std::int64_t>::first);
    if (known != parts.end()) {
      known->second += tensor.numel();
    } else {
      parts.emplace_back(part, tensor.numel());
    }
  }
  std::vector<std::string> texts;
  for (const auto& [part, count] : parts) texts.push_back(fmt::format("{} {}", part, with_commas(count)));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

Trainer::Trainer(const config::Config& config, std::string stage_name, const StageContext& context, Stage& stage, runs::RunDirectory* run)
    : config_(config),
      stage_name_(std::move(stage_name)),
      run_(run),
      device_(context.device),
      group_(context.group),
      stage_(stage),
      parameters_(stage.trainable()),
      gradients_(parameters_, context.group, config.train.deterministic_reduction),
      optimizer_(parameters_, config.train),
      sampler_(stage.size(Split::train), config.train.shuffle, config.run.seed),
      steps_(steps_of(config.train, stage.size(Split::train))),
      schedule_(config.train.learning_rate, config.train.warmup_ratio, steps_),
      data_fingerprint_(stage.data_fingerprint()),
      held_out_(records::pieces_fingerprint(config.data.dir, config.data.test_split)) {
  if (context.resume_from) restore(*context.resume_from);
  // Every rank begins with the same weights; and all have read the checkpoint before the main one writes the next.
  for (const auto& [name, parameter] : parameters_) group_.broadcast(parameter.detach(), 0);
  group_.barrier();
}

void Trainer::begin() {
  if (!group_.is_main() || step_ == steps_) return;
  write_atomically(run_->working() / runs::kConfigFile, config::dump(config_));
  log::attach_file(run_->working() / runs::kLogFile);
  metrics_ = std::make_unique<runs::MetricsLog>(run_->working() / runs::kMetricsFile, step_);
  log::info("{} trains {} of {} parameters ({}) on {} examples: {} steps of {} examples on {} rank{}", stage_name_,
            with_commas(count_numbers(parameters_)), with_commas(count_numbers(stage_.module())), describe_parts(parameters_),
            with_commas(stage_.size(Split::train)), with_commas(steps_), config_.train.batch_size, group_.size(),
            group_.size() == 1 ? "" : "s");
  if (steps_ == 1 && schedule_.at(1) == 0 && config_.train.learning_rate > 0)
    log::warning("nothing is learnt: the only step is the warm-up's first, whose learning rate is 0 (train.warmup_ratio=0 trains in it)");
}

void Trainer::mend_finished() {
  if (!group_.is_main() || step_ != steps_) return;
  try {
    stage_.check_finished(run_->working());
  } catch (const Error& error) {
    log::warning("{}: it is written again from the last checkpoint", error.what());
    stage_.finish(run_->working());
  }
}

int Trainer::run() {
  const InterruptDelay delay("the run ends after this step, with a checkpoint; another signal ends it at once, without");
  begin();
  mend_finished();
  Progress progress(stage_name_, static_cast<std::size_t>(steps_), group_.is_main(), static_cast<std::size_t>(step_));
  const auto due = [this](std::int64_t every) { return every > 0 && step_ % every == 0; };
  int signal = 0;
  while (step_ < steps_ && signal == 0) {
    const StepResult result = step();
    log(result);
    progress.update(static_cast<std::size_t>(step_),
                    fmt::format("loss {:.3f}  lr {:.1e}  {} tokens/s", result.loss, result.learning_rate,
                                with_commas(std::llround(static_cast<double>(result.counts.tokens) / result.seconds))));
    const bool last = step_ == steps_;
    if (!last && result.counts.interrupted_ranks > 0) signal = noted_interrupt() != 0 ? noted_interrupt() : SIGTERM;
    if (last || (due(config_.train.validate_every) && signal == 0)) validate();
    if (last && group_.is_main()) stage_.finish(run_->working());  // before the checkpoint that marks the run as complete
    if (last || signal != 0 || due(config_.train.checkpoint_every)) save_checkpoint();
  }
  progress.finish();
  if (group_.is_main()) runs::write_loss_curve(run_->path() / runs::kMetricsFile, stage_name_, run_->path() / runs::kLossCurveFile);
  return signal;
}

std::string Trainer::place() const {
  return fmt::format("step {} of {}", step_, steps_);
}

Trainer::StepResult Trainer::step() {
  const auto start = Clock::now();
  const auto team = stage_.team_scope();
  Batch batch = next_.valid() ? next_.get() : make_batch(step_);
  // The next one is made beside this step: a GPU would wait for its tokens, as it does for nothing else of the processor's.
  if (step_ + 1 < steps_) next_ = maker_.start([this, steps = step_ + 1] { return make_batch(steps); });
  Share& share = batch.share;
  share.counts.interrupted_ranks = noted_interrupt() != 0 ? 1 : 0;  // so all ranks stop after the same step
  CountsOfAllRanks counts(share.counts, group_, device_);           // wanted after the first forward pass only

  StepResult result;
  const auto losses = no_losses(share);
  gradients_.begin(share.micro_batches.size());
  for (const MicroBatch& micro_batch : share.micro_batches) {
    if (!micro_batch.examples.empty()) losses[micro_batch.number].copy_(backward(micro_batch, counts));
    gradients_.close_micro_batch();
  }
  result.counts = counts.get();
  result.loss = sum_losses(losses) / at_least_one(result.counts.targets);
  result.grad_norm = gradients_.clip(config_.train.max_grad_norm);
  require_finite(result.loss, result.grad_norm, batch.draws);

  ++step_;
  epoch_ = batch.epoch, position_ = batch.position;
  result.learning_rate = schedule_.at(step_);
  optimizer_.step(result.learning_rate);
  result.seconds = seconds_since(start);
  return result;
}

Trainer::Batch Trainer::make_batch(std::int64_t steps_before) {
  Batch batch;
  auto number = static_cast<std::uint64_t>(steps_before * config_.train.batch_size);
  for (const std::int64_t index : sampler_.next(config_.train.batch_size)) batch.draws.push_back({Split::train, index, number++});
  batch.share = make_share(stage_, batch.draws, config_.train, group_);
  batch.epoch = sampler_.epoch(), batch.position = sampler_.position();
  return batch;
}

torch::Tensor Trainer::backward(const MicroBatch& batch, CountsOfAllRanks& counts) {
  torch::manual_seed(seed_for(config_.run.seed, "step", batch.draws.front().draw.number));  // the same whichever rank runs it
  const torch::Tensor sum = stage_.loss(batch.examples);
  (sum / at_least_one(counts.get().targets)).backward();
  return sum.detach();
}

torch::Tensor Trainer::no_losses(const Share& share) const {
  return torch::zeros({share.of_all_ranks}, torch::dtype(torch::kFloat64).device(device_));
}

double Trainer::sum_losses(const torch::Tensor& losses) {
  group_.all_reduce_sum(losses);
  const auto all = losses.cpu();
  const double* values = all.const_data_ptr<double>();
  return std::accumulate(values, values + all.numel(), 0.0);
}

void Trainer::require_finite(double loss, double grad_norm, std::span<const Draw> draws) {
  if (std::isfinite(loss) && std::isfinite(grad_norm)) return;
  std::vector<std::string> ids;
  for (const Draw& draw : draws) ids.push_back(stage_.example(draw).id);
  throw Error(fmt::format("{} stopped at step {}: the {} is {}, so no update was made; the examples of the batch: {}", stage_name_,
                          step_ + 1, std::isfinite(loss) ? "gradient norm" : "loss", std::isfinite(loss) ? grad_norm : loss,
                          fmt::join(ids, ", ")));
}

void Trainer::validate() {
  const std::int64_t size = stage_.size(Split::valid);
  const std::int64_t count = std::min(size, config_.train.validate_examples);
  if (count == 0) return;
  const auto start = Clock::now();
  const auto team = stage_.team_scope();
  std::vector<Draw> draws;  // spread over the split
  for (std::int64_t i = 0; i < count; ++i) draws.push_back({Split::valid, i * size / count, static_cast<std::uint64_t>(i)});

  const torch::NoGradGuard no_grad;
  stage_.module().eval();
  double sum = 0;
  Counts counts;
  for (std::span<const Draw> rest = draws; !rest.empty();) {  // in batches of the size that fits into memory
    const auto size = std::min(rest.size(), static_cast<std::size_t>(config_.train.batch_size));
    const Share share = make_share(stage_, rest.first(size), config_.train, group_);
    const auto losses = no_losses(share);
    for (const MicroBatch& batch : share.micro_batches) {
      if (!batch.examples.empty()) losses[batch.number].copy_(stage_.loss(batch.examples));
    }
    sum += sum_losses(losses);
    counts.tokens += share.counts.tokens;
    counts.targets += share.counts.targets;
    rest = rest.subspan(size);
  }
  stage_.module().train();
  counts = CountsOfAllRanks(counts, group_, device_).get();
  const double loss = sum / at_least_one(counts.targets);
  if (!std::isfinite(loss)) {
    throw Error(fmt::format("{} stopped after step {}: the validation loss is {}, so no checkpoint was written", stage_name_, step_, loss));
  }
  if (!group_.is_main()) return;
  metrics_->write({{"step", step_},
                   {"split", "valid"},
                   {"loss", loss},
                   {"examples", count},
                   {"tokens", counts.tokens},
                   {"target_tokens", counts.targets},
                   {"seconds", seconds_since(start)}});
  log::info("step {}: validation loss {:.4f} over {} examples", step_, loss, count);
}

void Trainer::log(const StepResult& result) {
  if (!group_.is_main()) return;
  metrics_->write({{"step", step_},
                   {"loss", result.loss},
                   {"learning_rate", result.learning_rate},
                   {"grad_norm", result.grad_norm},
                   {"tokens", result.counts.tokens},
                   {"target_tokens", result.counts.targets},
                   {"tokens_per_second", static_cast<double>(result.counts.tokens) / result.seconds},
                   {"seconds", result.seconds}});
}

runs::TrainerState Trainer::state() const {
  runs::TrainerState state;
  state.stage = stage_name_;
  state.step = step_;
  state.steps = steps_;
  state.epoch = epoch_;
  state.sampler_position = position_;
  state.draws = step_ * config_.train.batch_size;
  state.seed = config_.run.seed;
  state.world_size = group_.size();
  state.data_fingerprint = data_fingerprint_;
  state.data_dir = config_.data.dir;
  state.essentials = runs::essentials(config_, stage_.essentials());
  state.fingerprints = stage_.fingerprints();
  if (!held_out_.empty()) state.fingerprints[runs::kHeldOutFingerprint] = held_out_;
  return state;
}

void Trainer::save_checkpoint() {
  if (!group_.is_main()) return;
  run_->write_checkpoint(step_, config_.train.keep_checkpoints, [this](const fs::path& directory) {
    stage_.save(directory);
    optimizer_.save(directory / runs::kOptimizerFile);
    state().write(directory);
  });
}

void Trainer::restore(const fs::path& checkpoint) {
  const auto saved = runs::TrainerState::read(checkpoint);
  runs::require_same_run(saved, state(), checkpoint);
  optimizer_.load(checkpoint / runs::kOptimizerFile);
  epoch_ = saved.epoch, position_ = saved.sampler_position;
  sampler_.seek(epoch_, position_);
  step_ = saved.step;
  if (!group_.is_main()) return;
  log::info("{} goes on from step {} of {}", stage_name_, step_, steps_);
  if (saved.world_size != group_.size() && !config_.train.deterministic_reduction)
    log::info("it ran on {} ranks before, now on {}: losses agree up to rounding", saved.world_size, group_.size());
}

}  // namespace midillama::train
