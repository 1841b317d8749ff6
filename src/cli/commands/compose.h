#pragma once

#include "cli/command.h"
#include "cli/commands/data.h"

#include <cstdint>
#include <string>
#include <vector>

namespace midillama::cli {

struct ComposeCommand : Command {
  static constexpr const char* kName = "compose";
  static constexpr const char* kDescription =
      "Have a language model write pieces of each genre and style as JSON, into data.dir; JSON and MIDI";
  static constexpr const char* kExample = "midillama compose --config configs/llm-midi/default.yaml --estimate";

  void declare(CLI::App& app) {
    calls.declare(app);
    app.add_flag("--overwrite", overwrite, "Replace pieces of data.dir that were made with other settings");
    app.get_option("--config")->description("Configuration file (default: configs/llm-midi/default.yaml)");
  }
  config::Config load() const {
    return config::load_chosen(config_file.empty() ? config::find_file("configs/llm-midi/default.yaml").string() : config_file, overrides);
  }

  ModelCallOptions calls;
  bool overwrite = false;
};

struct ComposeToJsonCommand : Command {
  static constexpr const char* kName = "compose to-json";
  static constexpr const char* kDescription =
      "MIDI files as the JSON that models write: melody, chords, bass and rhythm, one object a line; of several files with the file's name";
  static constexpr const char* kExample = "midillama compose to-json song.mid --parts 4";

  void declare(CLI::App& app) {
    app.add_option("files", files, "MIDI files")->required()->type_name("FILE");
    app.add_option("--parts", parts, "Starts and lengths go to the nearest of so many parts of a quarter note: a divisor of 480")
        ->capture_default_str()
        ->type_name("N");
  }
  // Needs no experiment.
  config::Config load() const { return {}; }

  std::vector<std::string> files;
  std::int64_t parts = 480;
};

struct ComposeToMidiCommand : Command {
  static constexpr const char* kName = "compose to-midi";
  static constexpr const char* kDescription =
      "MIDI files of such JSON: of each FILE one of the same name that ends in .mid; of one with an object a line one of each line, by the "
      "name that it has, else by its number";
  static constexpr const char* kExample = "midillama compose to-midi song.json --out songs";

  void declare(CLI::App& app) {
    app.add_option("files", files, "Each an object of tracks, as models write it, or one a line")->required()->type_name("FILE");
    app.add_flag("--overwrite", overwrite, "Replace MIDI files that are there");
    app.add_option("--out", out, "The folder that they go to (default: beside each file)")->type_name("DIR");
    app.add_option("--writer", writer, "fixed; compatible: as the authors' script writes them")
        ->check(CLI::IsMember({"fixed", "compatible"}))
        ->capture_default_str();
  }
  config::Config load() const { return {}; }

  std::vector<std::string> files;
  std::string out;
  std::string writer = "fixed";
  bool overwrite = false;
};

void run(const config::Config& config, const ComposeCommand& command);
void run(const config::Config& config, const ComposeToJsonCommand& command);
void run(const config::Config& config, const ComposeToMidiCommand& command);

}  // namespace midillama::cli
