#include "cli/commands/data.h"
#include "cli/data_steps.h"
#include "midillama/core/lock.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"
#include "midillama/works/annotate_works.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

namespace midillama::cli {
namespace fs = std::filesystem;
namespace {

std::string dollars(double cost) {
  return cost > 0 ? fmt::format(", ${:.2f}", cost) : "";
}

void print_estimate(const config::Config& config, const chat::Requests& waiting) {
  const works::Estimate estimate = works::estimate_of(config.chat, waiting);
  std::cout << fmt::format("{} calls: about {} prompt tokens, at most {} tokens of answers{}\n",
                           with_commas(static_cast<std::int64_t>(estimate.calls)), with_commas(estimate.at_most.prompt_tokens),
                           with_commas(estimate.at_most.completion_tokens), dollars(estimate.cost));
  std::cout << "Works whose evidence does not hold are asked about once more, which comes on top.\n";
}

void print(const works::AnnotationReport& report) {
  std::cout << fmt::format("{} works: {} annotated, {} without a text, {} failed\n\n", report.works, report.annotated, report.without_text,
                           report.failed);
  std::cout << fmt::format("{:<12}{:>10}{:>24}{:>14}\n", "field", "labels", works::kNotEnough, "unsupported");
  for (const std::string& name : works::field_names()) {
    const auto found = report.fields.find(name);
    const works::FieldCounts counts = found == report.fields.end() ? works::FieldCounts{} : found->second;
    std::cout << fmt::format("{:<12}{:>10}{:>24}{:>14}\n", name, counts.labels, counts.not_enough, counts.unsupported);
  }
  const auto& calls = report.calls;
  std::cout << fmt::format("\n{} calls answered, {} from the log, {} failed, {} sent again; {} + {} tokens{}\n", calls.calls,
                           calls.from_log, calls.failed, calls.retries, with_commas(calls.usage.prompt_tokens),
                           with_commas(calls.usage.completion_tokens), dollars(report.cost));
}

}  // namespace

void run(const config::Config& given, const DataAnnotateCommand& command) {
  config::Config config = given;
  config.chat.replay = config.chat.replay || command.replay;
  const fs::path directory = config.data.dir;
  if (command.estimate) return print_estimate(config, works::waiting_requests(config, directory));
  if (command.batch.empty() && command.batch_results.empty()) return print(annotate(config));
  const WriterLock lock(directory);
  if (!command.batch.empty()) {
    const chat::Requests waiting = works::waiting_requests(config, directory);
    for (const fs::path& file : chat::write_batch(waiting, command.batch)) std::cout << file.string() << '\n';
    print_estimate(config, waiting);
  } else {
    chat::Requests waiting = works::waiting_requests(config, directory);
    chat::RequestLog log(directory / works::kRequestsFile);
    for (const std::string& file : command.batch_results) {
      const chat::BatchReading reading = chat::read_batch(file, waiting, log);
      log::info("{}: {} answers, {} failures, {} of no call that waits", file, reading.answered, reading.failed, reading.unknown);
    }
    print_estimate(config, works::waiting_requests(config, directory));
  }
}

}  // namespace midillama::cli
