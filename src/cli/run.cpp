#include "command.h"
#include "commands.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"

#include <fmt/format.h>

#include <cstdio>

namespace midillama::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr int kKilled = 128;  // and the signal's number, as shells have it

int guarded(const std::function<void()>& body) {
  try {
    body();
    return kDone;
  } catch (const Interrupted& interrupted) {
    log::warning("{}", interrupted.what());
    return kKilled + interrupted.signal();
  } catch (const UsageError& error) {
    log::error("{}", error.what());
    return kWrongUsage;
  } catch (const std::bad_alloc&) {
    log::error("out of memory");
  } catch (const std::exception& error) {
    log::error("{}", error.what());
  }
  return kFailed;
}

}  // namespace

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& example, Common& common) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("--config", common.config_file, "Configuration file (default: configs/folk/default.yaml)")->type_name("FILE");
  command->add_option("--set", common.overrides, "Override one value of the configuration, e.g. train.batch_size=8 (repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--log-level", common.log_level, "debug, info, warning or error")->capture_default_str();
  command->parse_complete_callback([&common] { log::set_level(log::level_from_name(common.log_level)); });
  command->footer("Example:\n  " + example);
  return command;
}

void add_checkpoint_option(CLI::App& command, std::string& checkpoint, const std::string& stages) {
  command
      .add_option("--checkpoint", checkpoint,
                  fmt::format("Projector and adapter (default: the last {} checkpoint of the run directory)", stages))
      ->type_name("DIR");
}

int run(int argc, char** argv) {
  CLI::App app("midillama: questions and captions about music. MIDI, OctupleMIDI, MusicBERT, one linear layer, Llama.", "midillama");
  app.require_subcommand(1);
  app.set_version_flag("--version", MIDILLAMA_VERSION);
  app.footer(
      "The usual order:\n"
      "  midillama data build\n"
      "  midillama train --stage align\n"
      "  midillama train --stage sft\n"
      "  midillama eval --task caption\n"
      "midillama COMMAND --help shows a command's options.");
  for (const auto add : {add_train, add_eval, add_generate, add_score, add_tokenize, add_text_tokenize, add_inspect, add_data, add_config,
                         add_embed, add_convert, add_merge, add_export, add_plan, add_doctor}) {
    add(app);
  }
  int status = kDone;
  status = guarded([&] {
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (app.exit(error) != 0) throw UsageError(fmt::format("see midillama {} --help", argc > 1 ? argv[1] : ""));
    }
  });
  return status;
}

}  // namespace midillama::cli
