#include "cli/commands/text_tokenize.h"

#include "midillama/text/tokenizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

namespace midillama::cli {

void run(const config::Config&, const TextTokenizeCommand& command) {
  const auto tokenizer = text::load_tokenizer(command.tokenizer);
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) std::cout << fmt::format("[{}]\n", fmt::join(tokenizer->encode(line), ", "));
}

}  // namespace midillama::cli
