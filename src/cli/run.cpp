#include "cli/run.h"

#include "cli/commands.h"
#include "cli/misspelling.h"
#include "cli/standard_output.h"
#include "cli/torch_library.h"
#include "midillama/core/error.h"
#include "midillama/core/interrupt.h"
#include "midillama/core/log.h"
#include "midillama/core/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

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
  } catch (const NobodyReads&) {
  } catch (const std::bad_alloc&) {
    log::error("out of memory");
  } catch (const std::filesystem::filesystem_error& error) {
    // Of a copy the second is the one that is written; the search for the folder of temporary files alone names none.
    const auto& path = error.path2().empty() ? error.path1() : error.path2();
    log::error("{}: {}", path.empty() ? "TMPDIR" : path.string(), error.code().message());
  } catch (const std::exception& error) {
    log::error("{}", error.what());
  }
  return kFailed;
}

void add_common_options(CLI::App& app, Command& command) {
  app.add_option("--config", command.config_file, "Configuration file (default: configs/folk/default.yaml)")->type_name("FILE");
  app.add_option("--set", command.overrides, "Override one value of the configuration, e.g. train.batch_size=8 (repeatable)")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--log-level", command.log_level, "debug, info, warning or error")->capture_default_str();
  app.parse_complete_callback([&command] { log::set_level(log::level_from_name(command.log_level)); });
}

// The group of "data build", which its first command makes; of "compose to-json" the command compose itself.
CLI::App& group_of(CLI::App& app, const std::string& name) {
  for (CLI::App* part : app.get_subcommands([&](CLI::App* part) { return part->get_name() == name; })) return *part;
  const auto* group = std::ranges::find_if(kGroups, [&](const Group& group) { return group.name == name; });
  CLI::App* part = app.add_subcommand(name, group->description);
  part->require_subcommand(1);
  return *part;
}

CLI::App& add_subcommand(CLI::App& app, const std::string& name, const std::string& description) {
  const std::size_t space = name.find(' ');
  if (space == std::string::npos) return *app.add_subcommand(name, description);
  return add_subcommand(group_of(app, name.substr(0, space)), name.substr(space + 1), description);
}

template <typename C>
void dispatch(const C& command) {
  if constexpr (std::derived_from<C, TorchCommand>) require_working_folder();
  const config::Config config = command.load();
  if constexpr (std::derived_from<C, TorchCommand>) {
    torch_function(C::kName)(config, &command);
  } else {
    run(config, command);
  }
}

// What is declared as a file or folder takes `~` also where the shell does not see it (--midi=~/a.mid), and is never empty.
void expand_paths(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type != "FILE" && type != "DIR" && type != "PATH") continue;
    option->transform([](std::string path) { return expand_home(path); }, "", "~");
    // A variable of the shell that is not set, say.
    option->check([](const std::string& path) { return path.empty() ? "the path is empty" : std::string(); });
  }
}

template <typename C>
void add_command(CLI::App& app) {
  auto command = std::make_shared<C>();
  CLI::App& part = add_subcommand(app, C::kName, C::kDescription);
  add_common_options(part, *command);
  command->declare(part);
  expand_paths(part);
  part.footer(std::string("Example:\n  ") + C::kExample);
  // Of "compose to-json" CLI11 calls compose, too.
  part.callback([command, &part] {
    if (part.get_subcommands().empty()) dispatch(*command);
  });
}

// What is wrong with the command line, in one sentence.
std::string describe(const CLI::ParseError& error, CLI::App& app, const std::vector<std::string>& arguments) {
  const Reading reading = read_command_line(app, arguments);
  std::string what = error.what();
  if (!reading.unknown.empty()) {
    what = fmt::format("{} has no {} {}", reading.command, reading.unknown.starts_with('-') ? "option" : "command", reading.unknown);
    if (!reading.meant.empty()) what += fmt::format(": did you mean {}?", reading.meant);
  }
  return fmt::format("{}\nsee {} --help", what, reading.command);
}

// CLI11 ends --help and --version in the same way as a mistake, with an exit status of 0.
void parse_and_run(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) throw UsageError(describe(error, app, {argv + 1, argv + argc}));
    app.exit(error);
  }
}

}  // namespace

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
  Commands::for_each([&]<typename C>(std::type_identity<C>) { add_command<C>(app); });

  StandardOutput output;
  return guarded([&] {
    parse_and_run(app, argc, argv);
    output.finish();
  });
}

}  // namespace midillama::cli
