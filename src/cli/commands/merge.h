#pragma once

#include "cli/command.h"
#include "cli/commands/outputs.h"

namespace midillama::cli {

struct MergeCommand : TorchCommand {
  static constexpr const char* kName = "merge";
  static constexpr const char* kDescription =
      "Fold the LoRA adapter of a checkpoint into a copy of the language model (Hugging Face layout); prints how far its logits are from "
      "those of model and adapter";
  static constexpr const char* kExample = "midillama merge --out models/llama-with-folk";

  void declare(CLI::App& app) {
    app.add_option("--checkpoint", checkpoint, "Holds the adapter (default: the last sft checkpoint of the run directory)")
        ->type_name("DIR");
    app.add_option("--out", out, "A new folder")->required()->check(not_standard_output())->type_name("DIR");
    app.add_option("--prompt", prompt, "The question that the logits are compared on")->capture_default_str()->type_name("TEXT");
  }

  std::string checkpoint;
  std::string out;
  std::string prompt = "What key is this tune in?";
};

void run(const config::Config& config, const MergeCommand& command);

}  // namespace midillama::cli
