#pragma once

#include "cli/command.h"
#include "cli/commands/outputs.h"

namespace midillama::cli {

struct EmbedCommand : TorchCommand {
  static constexpr const char* kName = "embed";
  static constexpr const char* kDescription =
      "Clip embeddings of MIDI files: tensor `embeddings` [n, M] float32, file names in the metadata. A file that cannot be read is left "
      "out, "
      "and the status is 1";
  static constexpr const char* kExample = "midillama embed a.mid b.mid --out clips.safetensors";

  void declare(CLI::App& app) {
    app.add_option("files", files, "MIDI files")->required()->type_name("FILE");
    app.add_option("--out", out, "The safetensors file to write")->required()->check(not_standard_output())->type_name("FILE");
  }

  std::vector<std::string> files;
  std::string out;
};

void run(const config::Config& config, const EmbedCommand& command);

}  // namespace midillama::cli
