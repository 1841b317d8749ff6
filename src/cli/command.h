// What a command is: a struct in commands/ that holds its options and says how they are declared,
//
//   struct EmbedCommand : TorchCommand {
//     static constexpr const char* kName = "embed";  // "convert musicbert" is a command of the group "convert"
//     static constexpr const char* kDescription = …, *kExample = …;
//     void declare(CLI::App& app) { … }
//     std::string out;
//   };
//
// and a function run(const config::Config&, const EmbedCommand&) that does the work: in cli/, or in cli/torch/ for a TorchCommand. The list
// in commands.h names every command once.
#pragma once

#include "midillama/config/config.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace midillama::cli {

// The options that every command has.
struct Command {
  std::string config_file;
  std::vector<std::string> overrides;
  std::string log_level = "info";

  // What run() gets. A command that reads its configuration in another way has a load() of its own.
  config::Config load() const { return config::load_chosen(config_file, overrides); }
};

// Needs LibTorch: its run() is in the shared library libmidillama_torch.so, which is loaded when it is called.
struct TorchCommand : Command {};

// --checkpoint, which is by default the last one of `stages` ("sft or align") of the run directory.
inline void add_checkpoint_option(CLI::App& app, std::string& checkpoint, const std::string& stages) {
  app.add_option("--checkpoint", checkpoint, "Projector and adapter (default: the last " + stages + " checkpoint of the run directory)")
      ->type_name("DIR");
}

}  // namespace midillama::cli
