#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"
#include "cli/commands/outputs.h"

#include <optional>
#include <string>
#include <vector>

namespace midillama::cli {

struct ExplainCommand : TorchCommand {
  static constexpr const char* kName = "explain";
  static constexpr const char* kDescription =
      "Which notes of a MIDI file an answer came from, as JSON and as a piano roll; or how well that finds the notes that answers need";
  static constexpr const char* kExample = "midillama explain --midi tune.mid --prompt 'What key is this in?' --svg tune.svg";

  void declare(CLI::App& app) {
    app.add_option("--midi", midi, "The music")->type_name("FILE");
    app.add_option("--prompt", prompt, "The question")->type_name("TEXT");
    app.add_option("--answer", answer, "The answer to explain (default: the model's own)")->type_name("TEXT");
    add_checkpoint_option(app, checkpoint, "sft");
    app.add_option("--start", start, "Use only what starts at or after this time, in seconds")
        ->check(non_negative_number())
        ->type_name("S");
    app.add_option("--duration", duration, "Use only this many seconds")->check(positive_number())->type_name("S");
    app.add_option("--passes", passes, "Notes are left out one by one in at most so many passes; of longer clips several at once")
        ->check(positive_number())
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--json", json, "Where the JSON goes (default: standard output)")->type_name("FILE");
    app.add_option("--svg", svg, "Where the piano roll goes")->check(not_standard_output())->type_name("FILE");
    app.add_option("--heat", heat, "What colours the notes of the piano roll: left-out or gradient")
        ->check(CLI::IsMember({"left-out", "gradient"}))
        ->needs(app.get_option("--svg"))
        ->capture_default_str();
    const auto check_option =
        app.add_option(
               "--check", check,
               "Instead of all this: of the test split's questions about these tags, separated by commas, those that are answered right, "
               "with the hottest notes left out first and with random ones")
            ->delimiter(',')
            ->type_name("TAGS");
    for (const char* of_one_answer : {"--midi", "--prompt", "--answer", "--start", "--duration", "--passes", "--svg", "--heat"})
      check_option->excludes(app.get_option(of_one_answer));
  }

  std::string midi;
  std::string prompt;
  std::optional<std::string> answer;
  std::string checkpoint;
  double start = 0;
  double duration = 0;  // 0: to the end
  std::int64_t passes = 512;
  std::string json;
  std::string svg;
  std::string heat = "left-out";
  std::vector<std::string> check;
};

void run(const config::Config& config, const ExplainCommand& command);

}  // namespace midillama::cli
