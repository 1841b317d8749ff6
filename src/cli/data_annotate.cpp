#include "cli/commands/data.h"
#include "cli/data_steps.h"
#include "cli/model_calls.h"
#include "midillama/works/annotate_works.h"

#include <fmt/format.h>

#include <iostream>

namespace midillama::cli {
namespace {

void print(const works::AnnotationReport& report) {
  std::cout << fmt::format("{} works: {} annotated, {} without a text, {} failed\n\n", report.works, report.annotated, report.without_text,
                           report.failed);
  std::cout << fmt::format("{:<12}{:>10}{:>24}{:>14}\n", "field", "labels", works::kNotEnough, "unsupported");
  for (const std::string& name : works::field_names()) {
    const auto found = report.fields.find(name);
    const works::FieldCounts counts = found == report.fields.end() ? works::FieldCounts{} : found->second;
    std::cout << fmt::format("{:<12}{:>10}{:>24}{:>14}\n", name, counts.labels, counts.not_enough, counts.unsupported);
  }
  std::cout << '\n' << chat::totals_text(report.calls, report.cost) << '\n';
}

}  // namespace

void run(const config::Config& given, const DataAnnotateCommand& command) {
  config::Config config = given;
  config.chat.replay = config.chat.replay || command.calls.replay;
  if (command.calls.asks_the_server()) return print(annotate(config));
  handle_waiting_calls(config, command.calls, [&] { return works::waiting_requests(config, config.data.dir); });
  std::cout << "Works whose evidence does not hold are asked about once more, which comes on top.\n";
}

}  // namespace midillama::cli
