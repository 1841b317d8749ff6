#include "cli/commands/explain.h"

#include "cli/torch/device.h"
#include "cli/torch/read_part.h"
#include "midillama/core/about_file.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/replaceable.h"
#include "midillama/explain/deletion.h"
#include "midillama/explain/explanation.h"
#include "midillama/explain/piano_roll.h"
#include "midillama/generate/session.h"
#include "midillama/runs/trained_with.h"
#include "midillama/text/utf8.h"

#include <iostream>
#include <string>

namespace midillama::cli {
namespace {

bool is_standard_output(const std::string& file) {
  return file.empty() || file == "-";
}

void check_text(const char* option, const std::string& text) {
  if (text::strip(text).empty()) throw UsageError(fmt::format("{}: the text is empty", option));
  if (!text::is_valid_utf8(text)) throw UsageError(fmt::format("{}: the text is not valid UTF-8", option));
}

void check_outputs(const ExplainCommand& command) {
  const bool is_check = !command.check.empty();
  if (!is_standard_output(command.json))
    require_replaceable(command.json, is_check ? "file of deletion curves" : "explanation", is_check ? "[" : R"({"question":)");
  require_replaceable(command.svg, "picture in SVG", "<svg");
}

void check(const ExplainCommand& command) {
  if (!command.check.empty()) return check_outputs(command);
  if (command.midi.empty()) throw UsageError("--midi is required");
  for (const auto& [option, file] : {std::pair("--json", command.json), {"--svg", command.svg}})
    if (!is_standard_output(file) && is_same_file(file, command.midi))
      throw UsageError(fmt::format("{}: {} is the music itself", option, file));
  if (!is_standard_output(command.json) && !command.svg.empty() && is_same_file(command.json, command.svg))
    throw UsageError(fmt::format("--svg: {} is where the JSON goes", command.svg));
  check_outputs(command);
  check_text("--prompt", command.prompt);
  if (command.answer) check_text("--answer", *command.answer);
}

void check_by_deletion(generate::Session& session, const config::Config& config, const ExplainCommand& command) {
  const auto tags = explain::deletion_curves(session, config, command.check);
  const std::string json = json_text(explain::to_json(tags), 1) + "\n";
  std::cout << (command.json == "-" ? json : explain::to_text(tags));
  if (!is_standard_output(command.json)) write_atomically(command.json, json);
}

}  // namespace

void run(const config::Config& given, const ExplainCommand& command) {
  check(command);
  const auto [checkpoint, config] = runs::use_checkpoint(given, command.checkpoint);
  const torch::Device device = prepare_device(config.run);
  if (!command.check.empty()) {
    generate::Session session(config, checkpoint, device);
    return check_by_deletion(session, config, command);
  }
  const midi::Score clip = read_part(command.midi, command.start, command.duration);
  generate::Session session(config, checkpoint, device);
  const text::Conversation conversation = {.messages = {{text::Role::user, command.prompt}}};
  const auto explanation = about_file(command.midi, [&] {
    return explain::explain(session, clip, conversation, command.answer, {.most_passes = command.passes, .shows_progress = true});
  });
  if (!command.svg.empty()) {
    const auto measure = command.heat == "gradient" ? explain::Measure::gradient : explain::Measure::left_out;
    write_atomically(command.svg, explain::to_svg(explanation, measure));
  }
  const std::string json = json_text(explain::to_json(explanation)) + "\n";
  if (is_standard_output(command.json)) {
    std::cout << json;
  } else {
    write_atomically(command.json, json);
    std::cout << explanation.answer << "\n";
  }
}

}  // namespace midillama::cli
