#pragma once

#include "cli/command.h"
#include "cli/commands/numbers.h"

#include <fmt/format.h>

#include <optional>

namespace midillama::cli {

struct GenerateCommand : TorchCommand {
  static constexpr const char* kName = "generate";
  static constexpr const char* kDescription = "Answer a question about a MIDI file";
  static constexpr const char* kExample = "midillama generate --midi tune.mid --prompt 'What key is this in?'";

  void declare(CLI::App& app) {
    app.add_option("--midi", midi, "The music")->required()->type_name("FILE");
    app.add_option("--prompt", prompt, "The question")->required()->type_name("TEXT");
    add_checkpoint_option(app, checkpoint, "sft");
    app.add_option("--start", start, "Use only what starts at or after this time, in seconds")
        ->check(non_negative_number())
        ->type_name("S");
    app.add_option("--duration", duration, "Use only this many seconds")->check(positive_number())->type_name("S");
    app.add_option("--max-new-tokens", max_new_tokens, "Tokens to generate at most (generate.max_new_tokens)")
        ->check(positive_number())
        ->type_name("N");
    app.add_option("--temperature", temperature, "0: the likeliest token (generate.temperature)")
        ->check(non_negative_number())
        ->type_name("T");
    app.add_flag("--json", json, "Print one JSON object: text, token_ids, prompt_tokens, seconds");
  }

  // --max-new-tokens and --temperature are short for the configuration's keys.
  config::Config load() const {
    Command with_keys = *this;
    if (max_new_tokens) with_keys.overrides.push_back(fmt::format("generate.max_new_tokens={}", *max_new_tokens));
    if (temperature) with_keys.overrides.push_back(fmt::format("generate.temperature={}", *temperature));
    return with_keys.load();
  }

  std::string midi;
  std::string prompt;
  std::string checkpoint;
  double start = 0;
  double duration = 0;  // 0: to the end
  std::optional<std::int64_t> max_new_tokens;
  std::optional<double> temperature;
  bool json = false;
};

void run(const config::Config& config, const GenerateCommand& command);

}  // namespace midillama::cli
