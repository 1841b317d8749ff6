#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

#include <optional>

namespace midillama::cli {

struct TokenizeCommand : Command {
  static constexpr const char* kName = "tokenize";
  static constexpr const char* kDescription = "MIDI files to OctupleMIDI";
  static constexpr const char* kExample = "midillama tokenize song.mid --format text --start 30 --duration 20";

  void declare(CLI::App& app) {
    app.add_option("files", files, "MIDI files")->required()->type_name("FILE");
    app.add_option(
           "--format", format,
           "json: one object a file with the field codes; text: <field-code> words, one line a file; ids: MusicBERT ids, one line a "
           "window")
        ->check(CLI::IsMember({"json", "text", "ids"}))
        ->capture_default_str();
    app.add_option("--start", start, "Only what starts at or after this time, in seconds")->check(non_negative_number())->type_name("S");
    app.add_option("--duration", duration, "Only this many seconds")->check(positive_number())->type_name("S");
  }

  // Needs no experiment.
  config::Config load() const { return {}; }

  std::vector<std::string> files;
  std::string format = "json";
  double start = 0;
  std::optional<double> duration;
};

void run(const config::Config& config, const TokenizeCommand& command);

}  // namespace midillama::cli
