// A stage of training is three answers: which parameters train, which data feed it, which loss is taken. Everything else is the trainer's.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/file.h"
#include "midillama/model/team_scope.h"
#include "midillama/parallel/process_group.h"
#include "midillama/records/split.h"

#include <torch/nn/module.h>
#include <torch/types.h>

#include <any>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace midillama::train {

using records::Split;  // the test split is never asked for

// One drawing of an example. Whatever is random in the example comes from (run.seed, number), so a resumed run and any number of ranks see
// the same.
struct Draw {
  Split split = Split::train;
  std::int64_t index = 0;    // which example of the split
  std::uint64_t number = 0;  // counted over the whole run
};

// A draw made ready for the model.
struct Example {
  std::string id;            // names it in errors: the question's id, the clip, the row
  std::any content;          // what the stage's loss() reads, of a type that only the stage knows
  std::int64_t tokens = 0;   // musical ones included
  std::int64_t targets = 0;  // labels that carry loss
};

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

class Stage {
 public:
  virtual ~Stage() = default;

  // The keys of the configuration, or their beginnings ("lora."), that decide what the stage learns; the seed and the values of `train`
  // are everybody's. A resumed run must share them.
  virtual std::vector<std::string> essentials() const = 0;

  // Of the models that it starts from, by the key of the configuration that names them ("llm.path"); the main rank's are written to
  // checkpoints, the others' may be empty.
  virtual Json fingerprints() const { return Json::object(); }

  // All parameters. Those that require gradients train, and are float32; the rest is frozen.
  virtual torch::nn::Module& module() = 0;
  // What trains, by name, always in the same order: optimizer, gradient sums and counts all take it from here.
  NamedTensors trainable();

  // How many examples a split has; 0: there is no such split (valid only).
  virtual std::int64_t size(Split split) const = 0;
  // Example::tokens of example(draw), without making it.
  virtual std::int64_t tokens(const Draw& draw) const = 0;
  // What a pass over example(draw) costs, in a unit of the stage's own: the ranks' shares are made equal by it.
  virtual std::int64_t work(const Draw& draw) const { return tokens(draw); }
  // Called beside loss(), from another thread.
  virtual Example example(const Draw& draw) const = 0;
  // Of the data, so that a resumed run can tell that they changed.
  virtual std::string data_fingerprint() const = 0;

  // What a step's passes are to run in; null: nothing.
  virtual std::unique_ptr<model::TeamScope> team_scope() { return nullptr; }
  // The sum of the targets' losses, a float32 scalar with gradient.
  virtual torch::Tensor loss(std::span<const Example> batch) = 0;

  // Writes what trains to a checkpoint directory.
  virtual void save(const std::filesystem::path& directory) = 0;
  // Writes what later stages use, after the last step and before its checkpoint.
  virtual void finish(const std::filesystem::path& stage_dir) { (void)stage_dir; }
  // Error where that is missing or cannot be read.
  virtual void check_finished(const std::filesystem::path& stage_dir) const { (void)stage_dir; }
};

struct StageContext {
  const config::Config& config;  // resolved for the stage
  torch::Device device;
  parallel::ProcessGroup& group;
  std::filesystem::path directory;                   // where the run writes its files until its first checkpoint
  std::optional<std::filesystem::path> resume_from;  // a checkpoint of this stage, which its weights are then read from
  std::filesystem::path init;                        // a checkpoint to start from, where it does not resume; empty: from the beginning
};

struct StageRow {
  std::string name;
  bool takes_init;           // whether it can start from another stage's checkpoint (TrainOptions::init)
  std::string default_init;  // the stage whose last checkpoint it starts from where none is given; empty: from the beginning
  std::unique_ptr<Stage> (*make)(const StageContext& context);
};

// Every stage. The names are those of config::stage_names(), which the command line and configuration files know without LibTorch; a test
// may add rows of its own.
std::vector<StageRow>& stage_table();

// UsageError that lists the names where there is no such stage.
const StageRow& stage_row(const std::string& name);
std::unique_ptr<Stage> make_stage(const std::string& name, const StageContext& context);

}  // namespace midillama::train
