#include "cli/commands/export.h"

#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/runs/trained_with.h"
#include "midillama/tools/export.h"

#include <iostream>

namespace midillama::cli {

void run(const config::Config& given, const ExportCommand& command) {
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  tools::export_checkpoint(config, checkpoint, command.out);
  std::cout << json_text(OrderedJson{{"out", command.out}, {"checkpoint", checkpoint.string()}}) << "\n";
}

}  // namespace midillama::cli
