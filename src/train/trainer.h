// The loop that all stages share.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/single_worker.h"
#include "midillama/data/sampler.h"
#include "midillama/parallel/process_group.h"
#include "midillama/runs/metrics.h"
#include "midillama/runs/run_directory.h"
#include "midillama/runs/trainer_state.h"
#include "midillama/train/stage.h"
#include "train/batch.h"
#include "train/gradients.h"
#include "train/optimizer.h"
#include "train/schedule.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <vector>

namespace midillama::train {

class Trainer {
 public:
  // `config` is resolved for `stage_name`; `run` is the main rank's, null elsewhere; everything outlives the trainer.
  Trainer(const config::Config& config, std::string stage_name, const StageContext& context, Stage& stage, runs::RunDirectory* run);

  // From where the run is to its last step, validation and checkpoint; 0 is returned. A signal to one of the ranks ends it after the step
  // that is under way, with a checkpoint: then the signal is returned.
  int run();
  // "step 17 of 120"
  std::string place() const;

 private:
  struct StepResult {
    double loss = 0;  // mean over the target tokens of all ranks
    double learning_rate = 0;
    double grad_norm = 0;
    Counts counts;  // of all ranks
    double seconds = 0;
  };

  // From here on the run's record changes: configuration, log and metrics.
  void begin();
  // Of a run that is complete: what it left for later stages is written again where it was lost.
  void mend_finished();
  // A global batch, and where the sampler is after it.
  struct Batch {
    std::vector<Draw> draws;
    Share share;
    std::int64_t epoch = 0;
    std::int64_t position = 0;
  };

  StepResult step();
  // That of the step after so many.
  Batch make_batch(std::int64_t steps_before);
  // Adds the gradients of the batch's loss divided by the targets of all ranks; returns the loss before the division, a scalar.
  torch::Tensor backward(const MicroBatch& batch, CountsOfAllRanks& counts);
  // A place for the loss of each micro-batch of all ranks; every rank fills its own.
  torch::Tensor no_losses(const Share& share) const;
  // Their sum over all ranks, added in the order of the micro-batches' numbers.
  double sum_losses(const torch::Tensor& losses);
  void require_finite(double loss, double grad_norm, std::span<const Draw> draws);

  void validate();
  void log(const StepResult& result);
  void save_checkpoint();
  void restore(const std::filesystem::path& checkpoint);
  runs::TrainerState state() const;

  const config::Config& config_;
  std::string stage_name_;
  runs::RunDirectory* run_;
  torch::Device device_;
  parallel::ProcessGroup& group_;
  Stage& stage_;
  NamedTensors parameters_;
  Gradients gradients_;
  AdamW optimizer_;
  data::Sampler sampler_;   // at the batch that is made
  std::int64_t epoch_ = 0;  // after the last step, as `position_`
  std::int64_t position_ = 0;
  std::int64_t steps_;
  Schedule schedule_;
  std::string data_fingerprint_;
  std::string held_out_;  // runs::kHeldOutFingerprint
  std::int64_t step_ = 0;
  std::unique_ptr<runs::MetricsLog> metrics_;  // main rank only
  std::future<Batch> next_;                    // invalid: none is on its way
  SingleWorker maker_;                         // of batches
};

}  // namespace midillama::train
