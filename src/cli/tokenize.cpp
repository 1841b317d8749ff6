#include "command.h"
#include "commands.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/log.h"
#include "midillama/octuple/file.h"
#include "midillama/octuple/vocabulary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>
#include <memory>

namespace midillama::cli {
namespace {

using octuple::Octuple;

struct Options {
  Common common;
  std::vector<std::string> files;
  std::string format = "json";
  octuple::Part part;
};

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

void tokenize(const Options& options) {
  std::size_t failed = 0;
  for (const std::string& file : options.files) {
    try {
      const std::vector<Octuple> octuples = octuple::read_notes(file, options.part);
      std::cout << (options.format == "json" ? as_json(file, octuples) : options.format == "text" ? as_words(octuples) : as_ids(octuples));
    } catch (const InputError& error) {
      log::error("{}", error.what());
      ++failed;
    }
  }
  if (failed > 0) throw Error(fmt::format("{} of {} files could not be tokenized", failed, options.files.size()));
}

}  // namespace

void add_tokenize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(app, "tokenize", "MIDI files to OctupleMIDI",
                                  "midillama tokenize song.mid --format text --start 30 --duration 20", options->common);
  command->add_option("files", options->files, "MIDI files")->required()->type_name("FILE");
  command
      ->add_option(
          "--format", options->format,
          "json: one object a file with the field codes; text: <field-code> words, one line a file; ids: MusicBERT ids, one line a window")
      ->check(CLI::IsMember({"json", "text", "ids"}))
      ->capture_default_str();
  command->add_option("--start", options->part.start, "Only what starts at or after this time, in seconds")
      ->check(CLI::NonNegativeNumber)
      ->type_name("S");
  command->add_option("--duration", options->part.duration, "Only this many seconds")->check(CLI::PositiveNumber)->type_name("S");
  command->callback([options] { tokenize(*options); });
}

}  // namespace midillama::cli
