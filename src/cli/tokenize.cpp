#include "cli/commands/tokenize.h"

#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/octuple/file.h"
#include "midillama/octuple/vocabulary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

namespace midillama::cli {
namespace {

using octuple::Octuple;

std::string as_json(const std::string& file, const std::vector<Octuple>& octuples) {
  OrderedJson codes = OrderedJson::array();
  for (const Octuple& octuple : octuples) codes.push_back(octuple.codes());
  const OrderedJson object = {{"file", file}, {"notes", octuples.size()}, {"octuples", std::move(codes)}};
  return json_line(object);
}

std::string as_words(const std::vector<Octuple>& octuples) {
  std::vector<std::string> words;
  for (const Octuple& octuple : octuples) words.push_back(octuple::to_words(octuple));
  return fmt::format("{}\n", fmt::join(words, " "));
}

std::string as_ids(const std::vector<Octuple>& octuples) {
  std::string lines;
  for (const auto& window : octuple::windows(octuples)) lines += fmt::format("{}\n", fmt::join(octuple::to_ids(window), " "));
  return lines;
}

}  // namespace

void run(const config::Config&, const TokenizeCommand& command) {
  std::size_t failed = 0;
  for (const std::string& file : command.files) {
    try {
      const std::vector<Octuple> octuples = octuple::read_notes(file, {.start = command.start, .duration = command.duration});
      std::cout << (command.format == "json" ? as_json(file, octuples) : command.format == "text" ? as_words(octuples) : as_ids(octuples));
    } catch (const InputError& error) {
      log::error("{}", error.what());
      ++failed;
    }
  }
  if (failed > 0) throw Error(fmt::format("{} of {} files could not be tokenized", failed, command.files.size()));
}

}  // namespace midillama::cli
