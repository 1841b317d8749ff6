#include "cli/data_steps.h"

#include "midillama/catalog/import.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/corpus/steps.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <vector>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

using records::StepState;

// A step of `data build`.
struct BuildStep {
  records::Step step;
  std::function<StepState()> state;
  std::function<void()> run;
};

void import_collection(const config::Config& config, bool overwrite) {
  const fs::path directory = config.data.dir;
  if (fs::exists(directory / works::kPiecesFile) && !overwrite)
    throw InputError(
        directory.string(), works::kPiecesFile,
        fmt::format("was made with other settings or from other files{}: --overwrite imports again, --set data.dir=… keeps both",
                    catalog::difference_text(config.corpus, directory)));
  const WriterLock lock(directory);
  catalog::import_pieces(config.corpus, directory);
}

void retrieve_texts(const config::Config& config) {
  const works::RetrievalReport report = retrieve(config);
  log::info("{} works: {} with a text", report.works, report.with_text);
  require_all_looked_up(config, report);
}

void annotate_texts(const config::Config& config) {
  const works::AnnotationReport report = annotate(config);
  log::info("{} works: {} annotated, {} without a text, {} failed", report.works, report.annotated, report.without_text, report.failed);
}

bool wants_annotations(const config::Config& config) {
  if (config.chat.endpoint.empty() && !config.chat.replay) return false;
  if (!config.retrieval.endpoint.empty() || fs::exists(fs::path(config.data.dir) / works::kTextsFile)) return true;
  log::warning("{}: there are no texts to read, and retrieval.endpoint names no source of such: the works are not annotated",
               config.data.dir);
  return false;
}

// In the order in which they run.
std::vector<BuildStep> steps_of(const config::Config& config, bool overwrite) {
  const fs::path directory = config.data.dir;
  std::vector<BuildStep> steps;
  steps.push_back({records::kImportStep, [&] { return import_state(config); }, [&, overwrite] { import_collection(config, overwrite); }});
  if (!config.retrieval.endpoint.empty())
    steps.push_back({records::kRetrieveStep, [&] { return works::retrieval_state(config); }, [&] { retrieve_texts(config); }});
  if (wants_annotations(config))
    steps.push_back(
        {records::kAnnotateStep, [&, directory] { return works::annotation_state(config, directory); }, [&] { annotate_texts(config); }});
  steps.push_back({records::kFeaturesStep, [&, directory] { return corpus::features_state(config.corpus, directory); },
                   [&, directory] { corpus::measure_features(config.corpus, directory); }});
  return steps;
}

}  // namespace

StepState import_state(const config::Config& config) {
  const fs::path directory = config.data.dir;
  if (!fs::exists(directory / works::kPiecesFile)) return StepState::missing;
  if (!fs::exists(directory / catalog::kImportFile)) return StepState::given;
  return catalog::is_current(config.corpus, directory) ? StepState::current : StepState::outdated;
}

works::RetrievalReport retrieve(const config::Config& config) {
  return works::retrieve_texts(config, {.program = "midillama/" MIDILLAMA_VERSION});
}

void require_all_looked_up(const config::Config& config, const works::RetrievalReport& report) {
  if (report.failed.empty()) return;
  std::string reasons;
  for (const auto& [why, works] : report.reasons) reasons += fmt::format("\n  {}: {}", works, why);
  throw Error(
      fmt::format("{}/{}: {} of {} works were not looked up:{}\nThe next run looks for them again; `midillama data build` without "
                  "retrieval.endpoint (--set 'retrieval.endpoint=[]') goes on with the texts that are there",
                  config.data.dir, works::kTextsFile, report.failed.size(), report.works, reasons));
}

works::AnnotationReport annotate(const config::Config& config) {
  const fs::path directory = config.data.dir;
  const WriterLock lock(directory);
  const InterruptDelay delay(chat::kStoppedCalls);
  try {
    const auto report = works::annotate_works(config, directory, [] { return noted_interrupt() != 0; });
    const std::size_t waiting = report.failed + report.half_asked;
    if (waiting > 0) log::warning("{} works wait for an answer: the next run asks about them again", waiting);
    return report;
  } catch (const net::Stopped&) {
    throw Interrupted(noted_interrupt(), "stopped: the same command goes on from here");
  }
}

void run_steps_before_clips(const config::Config& config, bool overwrite) {
  for (const BuildStep& step : steps_of(config, overwrite)) {
    const StepState state = step.state();
    const std::string file = (fs::path(config.data.dir) / step.step.file).string();
    if (state == StepState::current) {
      log::info("{}: is there and current", file);
    } else if (state == StepState::given) {
      log::info("{}: is there, of another program ({}.json is not there): taken as it is", file, step.step.name);
    } else {
      log::info("data {}: {}", step.step.name, file);
      step.run();
    }
  }
}

bool are_steps_current(const config::Config& config) {
  for (const BuildStep& step : steps_of(config, false)) {
    const StepState state = step.state();
    if (state == StepState::missing || state == StepState::outdated) return false;
    if (state == StepState::incomplete)
      log::warning("{}: {} is not complete: `midillama data {}` does what was left", config.data.dir, step.step.file, step.step.name);
  }
  return true;
}

}  // namespace midillama::cli
