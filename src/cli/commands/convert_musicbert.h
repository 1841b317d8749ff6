#pragma once

#include "cli/command.h"
#include "cli/commands/outputs.h"

namespace midillama::cli {

struct ConvertMusicBertCommand : TorchCommand {
  static constexpr const char* kName = "convert musicbert";
  static constexpr const char* kDescription =
      "A MusicBERT directory from a fairseq checkpoint (.pt), or from weights of the Hugging Face port musicbert_hf (.safetensors, .pt); "
      "nothing in the file is run";
  static constexpr const char* kExample = "midillama convert musicbert --in checkpoint_last_musicbert_base.pt --out models/musicbert-base";

  void declare(CLI::App& app) {
    app.add_option("--in", in, "The checkpoint")->required()->type_name("FILE");
    app.add_option("--out", out, "A new folder")->required()->check(not_standard_output())->type_name("DIR");
  }

  // Needs no experiment.
  config::Config load() const { return {}; }

  std::string in;
  std::string out;
};

void run(const config::Config& config, const ConvertMusicBertCommand& command);

}  // namespace midillama::cli
