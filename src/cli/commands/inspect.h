#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

namespace midillama::cli {

struct InspectCommand : TorchCommand {
  static constexpr const char* kName = "inspect";
  static constexpr const char* kDescription =
      "What the model is trained on: token ids, labels, place of the music, loss, one JSON object an example; coloured tokens on a "
      "terminal";
  static constexpr const char* kExample = "midillama inspect --split valid --examples 3 --loss";

  void declare(CLI::App& app) {
    app.add_option("--split", split, "train, valid or test")->capture_default_str()->type_name("NAME");
    app.add_option("--examples", examples, "How many, from the start of the split; 0: all")->check(non_negative_number())->type_name("N");
    app.add_flag("--loss", loss, "Compute each example's loss (needs a checkpoint)");
    add_checkpoint_option(app, checkpoint, "sft or align");
  }

  std::string split = "train";
  std::string checkpoint;
  std::int64_t examples = 0;  // 0: all
  bool loss = false;
};

void run(const config::Config& config, const InspectCommand& command);

}  // namespace midillama::cli
