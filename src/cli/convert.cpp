#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  ConvertCommand command;
};

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* group = app.add_subcommand("convert", "Make a model directory from a checkpoint that others published");
  group->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(*group, "musicbert",
                  "A MusicBERT directory from a fairseq checkpoint (.pt), or from weights of the Hugging Face port "
                  "musicbert_hf (.safetensors, .pt); nothing in the file is run",
                  "midillama convert musicbert --in checkpoint_last_musicbert_base.pt --out models/musicbert-base", options->common);
  command->add_option("--in", options->command.in, "The checkpoint")->required()->type_name("FILE");
  command->add_option("--out", options->command.out, "A new folder")->required()->type_name("DIR");
  command->callback([options] { torch_commands().convert_musicbert(options->command); });
}

}  // namespace midillama::cli
