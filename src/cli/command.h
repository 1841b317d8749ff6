// What the subcommands share. Each file of this folder adds one subcommand; commands.h lists them.
#pragma once

#include "midillama/config/config.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace midillama::cli {

// Options that every subcommand has.
struct Common {
  std::string config_file;
  std::vector<std::string> overrides;
  std::string log_level = "info";

  config::Config load() const { return config::load_chosen(config_file, overrides); }
};

// Adds a subcommand with the common options and an example for its --help.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& example, Common& common);

// --checkpoint, which is by default the last one of `stages` ("sft or align") of the run directory.
void add_checkpoint_option(CLI::App& command, std::string& checkpoint, const std::string& stages);

}  // namespace midillama::cli
