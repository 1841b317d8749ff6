#include "command.h"
#include "commands.h"
#include "torch_commands.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  GenerateCommand command;
  std::optional<std::int64_t> max_new_tokens;
  std::optional<double> temperature;
};

// --max-new-tokens and --temperature are short for the configuration's keys.
config::Config load(const Options& options) {
  Common common = options.common;
  if (options.max_new_tokens) common.overrides.push_back(fmt::format("generate.max_new_tokens={}", *options.max_new_tokens));
  if (options.temperature) common.overrides.push_back(fmt::format("generate.temperature={}", *options.temperature));
  return common.load();
}

}  // namespace

void add_generate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  GenerateCommand& values = options->command;
  CLI::App* command = add_command(app, "generate", "Answer a question about a MIDI file",
                                  "midillama generate --midi tune.mid --prompt 'What key is this in?'", options->common);
  command->add_option("--midi", values.midi, "The music")->required()->type_name("FILE");
  command->add_option("--prompt", values.prompt, "The question")->required()->type_name("TEXT");
  add_checkpoint_option(*command, values.checkpoint, "sft");
  command->add_option("--start", values.start, "Use only what starts at or after this time, in seconds")
      ->check(CLI::NonNegativeNumber)
      ->type_name("S");
  command->add_option("--duration", values.duration, "Use only this many seconds")->check(CLI::PositiveNumber)->type_name("S");
  command->add_option("--max-new-tokens", options->max_new_tokens, "Tokens to generate at most (generate.max_new_tokens)")->type_name("N");
  command->add_option("--temperature", options->temperature, "0: the likeliest token (generate.temperature)")->type_name("T");
  command->add_flag("--json", values.json, "Print one JSON object: text, token_ids, prompt_tokens, seconds");
  command->callback([options] { torch_commands().generate(load(*options), options->command); });
}

}  // namespace midillama::cli
