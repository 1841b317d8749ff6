#include "command.h"
#include "commands.h"
#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/corpus/dataset.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

namespace midillama::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  Common common;
  bool overwrite = false;
  bool json = false;
};

void build(const Options& options) {
  const config::Config config = options.common.load();
  const fs::path directory = config.data.dir;
  if (fs::exists(directory / "dataset.json") && !options.overwrite) {
    if (!corpus::is_current(config.corpus, directory)) {
      throw InputError(
          directory.string(), "",
          "holds a dataset that was made with other settings or sources: --overwrite builds it again, --set data.dir=… keeps both");
    }
    log::info("{}: the dataset is there and current, nothing to do (--overwrite builds it again)", directory.string());
  } else {
    const corpus::BuildReport report = corpus::build_dataset(config.corpus, directory);
    log::info("{}: {} pieces, {} clips, {} questions; left out: {} unreadable, {} duplicates, {} too short", directory.string(),
              report.pieces, report.clips, report.questions, report.skipped.size(), report.duplicates.size(), report.without_clips.size());
  }
  std::cout << corpus::statistics_text(corpus::dataset_statistics(directory));
}

void stats(const Options& options) {
  const OrderedJson statistics = corpus::dataset_statistics(options.common.load().data.dir);
  std::cout << (options.json ? statistics.dump(2) + "\n" : corpus::statistics_text(statistics));
}

void check(const Options& options) {
  const std::string directory = options.common.load().data.dir;
  const std::vector<std::string> problems = corpus::check_dataset(directory);
  for (const std::string& problem : problems) std::cout << problem << "\n";
  if (!problems.empty()) throw Error(fmt::format("{}: {} problems", directory, problems.size()));
  std::cout << directory << ": ok\n";
}

}  // namespace

void add_data(CLI::App& app) {
  CLI::App* group = app.add_subcommand("data", "Build, describe or check a dataset");
  group->require_subcommand(1);

  auto built = std::make_shared<Options>();
  CLI::App* command = add_command(*group, "build", "Make the dataset of the configuration's `corpus` section at data.dir",
                                  "midillama data build --set corpus.clips_per_piece=1 --set data.dir=data/short", built->common);
  command->add_flag("--overwrite", built->overwrite, "Build it again where it is there already");
  command->callback([built] { build(*built); });

  auto described = std::make_shared<Options>();
  command =
      add_command(*group, "stats", "Counts of pieces, clips, questions and of each fact", "midillama data stats --json", described->common);
  command->add_flag("--json", described->json, "Print dataset.json");
  command->callback([described] { stats(*described); });

  auto checked = std::make_shared<Options>();
  add_command(*group, "check", "Check every line, clip, split and count of a dataset", "midillama data check", checked->common)
      ->callback([checked] { check(*checked); });
}

}  // namespace midillama::cli
