#include "cli/commands/data.h"
#include "cli/data_steps.h"
#include "midillama/catalog/import.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/works/files.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;

void run(const config::Config& config, const DataImportCommand& command) {
  const fs::path directory = config.data.dir;
  const WriterLock lock(directory);
  const records::StepState state = import_state(config);
  if (state == records::StepState::missing || command.overwrite) {
    catalog::import_pieces(config.corpus, directory);
  } else if (state == records::StepState::current) {
    log::info("{}: the pieces are there and current, nothing to do (--overwrite imports again)", directory.string());
  } else {
    throw InputError(directory.string(), works::kPiecesFile,
                     fmt::format("was made with other settings, from other files or by another program{}: --overwrite imports again, "
                                 "--set data.dir=… keeps both",
                                 catalog::difference_text(config.corpus, directory)));
  }
  std::cout << catalog::report_text(catalog::import_report(directory));
}

}  // namespace midillama::cli
