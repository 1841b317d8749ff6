#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  EmbedCommand command;
};

}  // namespace

void add_embed(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "embed", "Clip embeddings of MIDI files: tensor `embeddings` [n, M] float32, file names in the metadata",
                  "midillama embed a.mid b.mid --out clips.safetensors", options->common);
  command->add_option("files", options->command.files, "MIDI files")->required()->type_name("FILE");
  command->add_option("--out", options->command.out, "The safetensors file to write")->required()->type_name("FILE");
  command->callback([options] { torch_commands().embed(options->common.load(), options->command); });
}

}  // namespace midillama::cli
