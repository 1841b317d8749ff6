#include "cli/commands/text_tokenize.h"

#include "midillama/core/file.h"
#include "midillama/text/tokenizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

namespace midillama::cli {

void run(const config::Config&, const TextTokenizeCommand& command) {
  const auto tokenizer = text::load_tokenizer(command.tokenizer);
  for_each_line("-",
                [&](std::string_view line, std::size_t) { std::cout << fmt::format("[{}]\n", fmt::join(tokenizer->encode(line), ", ")); });
}

}  // namespace midillama::cli
