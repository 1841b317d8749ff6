#include "cli/misspelling.h"

#include "midillama/core/spelling.h"

namespace midillama::cli {
namespace {

std::vector<CLI::App*> commands_of(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

CLI::App* find_command(CLI::App& app, const std::string& name) {
  for (CLI::App* command : commands_of(app)) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

std::string nearest_command(CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return nearest_word(word, names);
}

std::string nearest_option(CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return nearest_word(word, names);
}

}  // namespace

Reading read_command_line(CLI::App& root, const std::vector<std::string>& arguments) {
  CLI::App* app = &root;
  Reading reading{root.get_name(), "", ""};
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    const std::string word = arguments[i].substr(0, arguments[i].find('='));
    if (word.starts_with("--")) {
      const CLI::Option* option = app->get_option_no_throw(word);
      if (option == nullptr) return {reading.command, word, nearest_option(*app, word)};
      const bool has_value_after_it = option->get_items_expected_min() > 0 && word.size() == arguments[i].size();
      if (has_value_after_it) ++i;
    } else if (!commands_of(*app).empty() && !word.starts_with("-")) {
      CLI::App* command = find_command(*app, word);
      if (command == nullptr) return {reading.command, word, nearest_command(*app, word)};
      app = command;
      reading.command += " " + word;
    }
  }
  return reading;
}

}  // namespace midillama::cli
