#include "command.h"
#include "commands.h"
#include "midillama/text/tokenizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>

namespace midillama::cli {
namespace {

struct Options {
  Common common;
  std::string tokenizer;
};

void text_tokenize(const Options& options) {
  const auto tokenizer = text::load_tokenizer(options.tokenizer);
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) std::cout << fmt::format("[{}]\n", fmt::join(tokenizer->encode(line), ", "));
}

}  // namespace

void add_text_tokenize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(app, "text-tokenize", "Lines of standard input to token ids, one JSON list a line",
                  "echo 'What key is this?' | midillama text-tokenize --tokenizer runs/folk/pretrain-llm/model", options->common);
  command->add_option("--tokenizer", options->tokenizer, "A model directory, tokenizer.json or tokenizer.model")
      ->required()
      ->type_name("PATH");
  command->callback([options] { text_tokenize(*options); });
}

}  // namespace midillama::cli
