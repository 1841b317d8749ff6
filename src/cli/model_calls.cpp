#include "cli/model_calls.h"

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

void print_estimate(const config::Config& config, const chat::Requests& waiting) {
  const works::Estimate estimate = works::estimate_of(config.chat, waiting);
  std::cout << fmt::format("{} calls: about {} prompt tokens, at most {} tokens of answers{}\n",
                           with_commas(static_cast<std::int64_t>(estimate.calls)), with_commas(estimate.at_most.prompt_tokens),
                           with_commas(estimate.at_most.completion_tokens), chat::cost_text(estimate.cost));
}

}  // namespace

void handle_waiting_calls(const config::Config& config, const ModelCallOptions& options, const WaitingCalls& waiting) {
  const fs::path directory = config.data.dir;
  if (options.estimate) return print_estimate(config, waiting());
  const WriterLock lock(directory);
  const chat::Requests calls = waiting();
  if (!options.batch.empty()) {
    for (const fs::path& file : chat::write_batch(calls, options.batch)) std::cout << file.string() << '\n';
    return print_estimate(config, calls);
  }
  {
    chat::RequestLog log(directory / works::kRequestsFile);
    for (const std::string& file : options.batch_results) {
      const chat::BatchReading reading = chat::read_batch(file, calls, log);
      log::info("{}: {} answers, {} failures, {} of no call that waits", file, reading.answered, reading.failed, reading.unknown);
    }
  }
  print_estimate(config, waiting());
}

}  // namespace midillama::cli
