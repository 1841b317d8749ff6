#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct ChatCommand : TorchCommand {
  static constexpr const char* kName = "chat";
  static constexpr const char* kDescription =
      "Talk about a MIDI file: in a terminal, or line by line through a pipe up to the first mistake";
  static constexpr const char* kExample = "midillama chat --midi tune.mid";

  void declare(CLI::App& app) {
    app.add_option("--midi", midi, "The music; /midi FILE takes another one later")->type_name("FILE");
    add_checkpoint_option(app, checkpoint, "sft");
  }

  std::string midi;
  std::string checkpoint;
};

void run(const config::Config& config, const ChatCommand& command);

}  // namespace midillama::cli
