#include "cli/commands/text_tokenize.h"

#include "midillama/core/error.h"
#include "midillama/core/file_parts.h"
#include "midillama/text/tokenizer.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <iostream>
#include <string>
#include <utility>

namespace midillama::cli {
namespace {

constexpr std::uintmax_t kLongest = 4ULL << 30;

// The lines of standard input, whatever ends them. A byte order mark before the first one is none of the text; before any other it is a
// character as others.
void for_each_line_as_it_is(const std::function<void(std::string_view line)>& visit) {
  std::string pending;
  std::size_t number = 0;
  const auto end_line = [&](std::string_view line) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (++number == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
    if (!text::is_valid_utf8(line)) throw InputError("standard input", fmt::format("line {}", number), "is not valid UTF-8");
    visit(line);
  };
  bool after_return = false;
  for_each_part("-", kLongest, [&](std::string_view part) {
    for (const char c : part) {
      if (c == '\r' || (c == '\n' && !after_return)) {
        end_line(std::exchange(pending, ""));
      } else if (c != '\n') {
        pending += c;
      }
      after_return = c == '\r';
    }
  });
  if (!pending.empty()) end_line(pending);
}

}  // namespace

void run(const config::Config&, const TextTokenizeCommand& command) {
  const auto tokenizer = text::load_tokenizer(command.tokenizer);
  for_each_line_as_it_is([&](std::string_view line) { std::cout << fmt::format("[{}]\n", fmt::join(tokenizer->encode(line), ", ")); });
}

}  // namespace midillama::cli
