#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  ExportCommand command;
};

}  // namespace

void add_export(CLI::App& app) {
  auto options = std::make_shared<Options>();
  ExportCommand& values = options->command;
  CLI::App* command = add_command(
      app, "export", "Bundle a checkpoint for others: projector, adapter, configuration and a README that says how to load them",
      "midillama export --out folk-midillama", options->common);
  add_checkpoint_option(*command, values.checkpoint, "sft or align");
  command->add_option("--out", values.out, "A new folder; it can be given as --checkpoint")->required()->type_name("DIR");
  command->callback([options] { torch_commands().export_checkpoint(options->common.load(), options->command); });
}

}  // namespace midillama::cli
