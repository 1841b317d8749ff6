#pragma once

#include "cli/command.h"
#include "cli/commands/outputs.h"

namespace midillama::cli {

struct ExportCommand : TorchCommand {
  static constexpr const char* kName = "export";
  static constexpr const char* kDescription =
      "Bundle a checkpoint for others: projector, adapter, configuration and a README that says how to load them";
  static constexpr const char* kExample = "midillama export --out folk-midillama";

  void declare(CLI::App& app) {
    add_checkpoint_option(app, checkpoint, "sft or align");
    app.add_option("--out", out, "A new folder; it can be given as --checkpoint")
        ->required()
        ->check(not_standard_output())
        ->type_name("DIR");
  }

  std::string checkpoint;
  std::string out;
};

void run(const config::Config& config, const ExportCommand& command);

}  // namespace midillama::cli
