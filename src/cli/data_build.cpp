#include "cli/commands/data.h"
#include "cli/data_steps.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/steps.h"
#include "midillama/records/question.h"

#include <filesystem>
#include <functional>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

bool has_dataset(const config::Config& config) {
  return fs::exists(fs::path(config.data.dir) / records::kDatasetFile);
}

[[noreturn]] void refuse_dataset(const std::string& directory) {
  throw InputError(
      directory, "",
      "holds a dataset that was made with other settings or sources: --overwrite builds it again, --set data.dir=… keeps both");
}

bool is_nothing_to_do(const config::Config& config, bool overwrite) {
  if (!has_dataset(config) || overwrite) return false;
  const bool is_current =
      (!corpus::has_steps(config.corpus) || are_steps_current(config)) && corpus::is_current(config.corpus, config.data.dir);
  if (!is_current) refuse_dataset(config.data.dir);
  log::info("{}: the dataset is there and current, nothing to do (--overwrite builds it again)", config.data.dir);
  return true;
}

void report(const std::string& directory, const corpus::BuildReport& report) {
  log::info("{}: {} pieces, {} clips, {} questions; left out: {} unreadable, {} duplicates, {} without a clip", directory, report.pieces,
            report.clips, report.questions, report.skipped.size(), report.duplicates.size(), report.without_clips.size());
}

void print_statistics(const config::Config& config) {
  std::cout << corpus::statistics_text(corpus::dataset_statistics(config.data.dir));
}

}  // namespace

void run(const config::Config& config, const DataBuildCommand& command) {
  if (!is_nothing_to_do(config, command.overwrite)) {
    if (corpus::has_steps(config.corpus)) run_steps_before_clips(config, command.overwrite);
    report(config.data.dir, corpus::build_dataset(config.corpus, config.data.dir));
  }
  print_statistics(config);
}

void run(const config::Config& config, const DataFeaturesCommand& command) {
  const fs::path directory = config.data.dir;
  const records::StepState state = corpus::features_state(config.corpus, directory);
  const fs::path file = directory / records::kFeaturesStep.file;
  if (state == records::StepState::current && !command.overwrite) {
    log::info("{}: is there and current, nothing to do (--overwrite measures again)", file.string());
  } else if (state == records::StepState::given && !command.overwrite) {
    throw InputError(file.string(), "", "is of another program (features.json is not there): --overwrite replaces it");
  } else {
    corpus::measure_features(config.corpus, directory);
  }
  std::cout << corpus::features_text(directory);
}

void run(const config::Config& config, const DataSegmentCommand& command) {
  const fs::path directory = config.data.dir;
  if (corpus::segment_state(config.corpus, directory) == records::StepState::current && !command.overwrite) {
    log::info("{}: the clips are there and current, nothing to do (--overwrite cuts them again)", directory.string());
  } else if (has_dataset(config) && !command.overwrite) {
    throw InputError(directory.string(), "",
                     "holds a dataset of other clips, which new ones would take away: --overwrite does that, --set data.dir=… keeps both");
  } else {
    corpus::segment_pieces(config.corpus, directory);
  }
  std::cout << corpus::segment_text(directory);
}

void run(const config::Config& config, const DataWriteCommand& command) {
  corpus::require_steps(config.corpus);
  if (has_dataset(config) && !command.overwrite) {
    if (!corpus::is_current(config.corpus, config.data.dir)) refuse_dataset(config.data.dir);
    log::info("{}: the dataset is there and current, nothing to do (--overwrite writes it again)", config.data.dir);
  } else {
    report(config.data.dir, corpus::write_dataset(config.corpus, config.data.dir));
  }
  print_statistics(config);
}

}  // namespace midillama::cli
