#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  MergeCommand command;
};

}  // namespace

void add_merge(CLI::App& app) {
  auto options = std::make_shared<Options>();
  MergeCommand& values = options->command;
  CLI::App* command =
      add_command(app, "merge",
                  "Fold the LoRA adapter of a checkpoint into a copy of the language model (Hugging Face layout); prints how "
                  "far its logits are from those of model and adapter",
                  "midillama merge --out models/llama-with-folk", options->common);
  command->add_option("--checkpoint", values.checkpoint, "Holds the adapter (default: the last sft checkpoint of the run directory)")
      ->type_name("DIR");
  command->add_option("--out", values.out, "A new folder")->required()->type_name("DIR");
  command->add_option("--prompt", values.prompt, "The question that the logits are compared on")->capture_default_str()->type_name("TEXT");
  command->callback([options] { torch_commands().merge(options->common.load(), options->command); });
}

}  // namespace midillama::cli
