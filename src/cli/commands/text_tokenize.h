#pragma once

#include "cli/command.h"

namespace midillama::cli {

struct TextTokenizeCommand : Command {
  static constexpr const char* kName = "text-tokenize";
  static constexpr const char* kDescription = "Lines of standard input to token ids, one JSON list a line";
  static constexpr const char* kExample = "echo 'What key is this?' | midillama text-tokenize --tokenizer runs/folk/pretrain-llm/model";

  void declare(CLI::App& app) {
    app.add_option("--tokenizer", tokenizer, "A model directory, tokenizer.json or tokenizer.model")->required()->type_name("PATH");
  }

  // Needs no experiment.
  config::Config load() const { return {}; }

  std::string tokenizer;
};

void run(const config::Config& config, const TextTokenizeCommand& command);

}  // namespace midillama::cli
