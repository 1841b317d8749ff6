#include "cli/commands/data.h"
#include "cli/data_steps.h"
#include "cli/model_calls.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/corpus/dataset.h"
#include "midillama/corpus/model_writer.h"
#include "midillama/corpus/steps.h"
#include "midillama/records/question.h"

#include <fmt/format.h>

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
  const bool is_current = (!corpus::has_steps(config.corpus) || are_steps_current(config)) &&
                          corpus::is_current(config.corpus, config.data.dir, corpus::writing_settings(config));
  if (!is_current) refuse_dataset(config.data.dir);
  log::info("{}: the dataset is there and current, nothing to do (--overwrite builds it again)", config.data.dir);
  return true;
}

void report(const std::string& directory, const corpus::BuildReport& report) {
  log::info("{}: {} pieces, {} clips, {} questions; left out: {} unreadable, {} duplicates, {} without a clip", directory, report.pieces,
            report.clips, report.questions, report.skipped.size(), report.duplicates.size(), report.without_clips.size());
}

// Nobody else writes batches of calls, or asks for what they take.
void require_model(const config::Config& config) {
  if (config.writing.by != "model")
    throw UsageError(fmt::format("writing.by is \"{}\": only a model (writing.by=model) is asked", config.writing.by));
}

using WriteDataset = std::function<corpus::BuildReport(const records::Tags& tags, corpus::QuestionWriter& writer)>;

// By the templates or by the model, as the configuration says.
corpus::BuildReport write_with_writer(const config::Config& config, const WriteDataset& write) {
  const auto tags = records::read_tags(config.corpus.tag_file);
  if (config.writing.by == "templates") {
    corpus::TemplateWriter writer(config.corpus, tags);
    return write(tags, writer);
  }
  if (!corpus::has_steps(config.corpus))
    throw ConfigError({fmt::format("writing.by: model — corpus.source is \"{}\": a model writes about collections with a catalog only",
                                   config.corpus.source)});
  const InterruptDelay delay(chat::kStoppedCalls);
  corpus::ModelWriter writer(config, tags, config.data.dir, [] { return noted_interrupt() != 0; });
  try {
    auto report = write(tags, writer);
    log::info("{} of {} questions and captions are the model's, the others the templates'", writer.texts(), report.questions);
    log::info("{}", chat::totals_text(writer.totals(), chat::cost_of(config.chat, writer.totals().usage)));
    return report;
  } catch (const net::Stopped&) {
    throw Interrupted(noted_interrupt(), "stopped: the same command goes on from here");
  }
}

void print_statistics(const config::Config& config) {
  std::cout << corpus::statistics_text(corpus::dataset_statistics(config.data.dir));
}

}  // namespace

void run(const config::Config& config, const DataBuildCommand& command) {
  if (!is_nothing_to_do(config, command.overwrite)) {
    if (corpus::has_steps(config.corpus)) run_steps_before_clips(config, command.overwrite);
    report(config.data.dir, write_with_writer(config, [&](const records::Tags& tags, corpus::QuestionWriter& writer) {
             return corpus::build_dataset(config.corpus, tags, writer, config.data.dir);
           }));
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

void run(const config::Config& given, const DataWriteCommand& command) {
  config::Config config = given;
  config.chat.replay = config.chat.replay || command.calls.replay;
  corpus::require_steps(config.corpus);
  if (!command.calls.asks_the_server()) {
    require_model(config);
    const auto tags = records::read_tags(config.corpus.tag_file);
    const auto clips = corpus::known_clips(config.corpus, tags, config.data.dir);
    handle_waiting_calls(config, command.calls, [&] { return corpus::waiting_texts(config, tags, config.data.dir, clips); });
    std::cout << "Texts that do not hold are asked for once more, which comes on top.\n";
    return;
  }
  if (has_dataset(config) && !command.overwrite) {
    if (!corpus::is_current(config.corpus, config.data.dir, corpus::writing_settings(config))) refuse_dataset(config.data.dir);
    log::info("{}: the dataset is there and current, nothing to do (--overwrite writes it again)", config.data.dir);
  } else {
    report(config.data.dir, write_with_writer(config, [&](const records::Tags& tags, corpus::QuestionWriter& writer) {
             return corpus::write_dataset(config.corpus, tags, writer, config.data.dir);
           }));
  }
  print_statistics(config);
}

}  // namespace midillama::cli
