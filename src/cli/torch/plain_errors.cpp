#include "cli/torch/plain_errors.h"

#include "midillama/core/error.h"
#include "midillama/core/machine.h"
#include "midillama/core/numbers.h"
#include "midillama/parallel/process_group.h"
#include "midillama/shapes/memory_plan.h"

#include <c10/util/Exception.h>

#include <fmt/format.h>

#include <new>
#include <optional>
#include <regex>

namespace midillama::cli {
namespace {

// "4.0 GiB", as LibTorch's allocators say it; nothing where the message is about something else.
std::optional<std::string> asked_for(const std::string& message) {
  static const std::regex bytes("tried to allocate ([0-9]+) bytes"), units("Tried to allocate ([0-9.]+ [KMGT]i?B)");
  std::smatch match;
  if (std::regex_search(message, match, bytes)) return gibibytes(std::stoll(match[1]));
  if (std::regex_search(message, match, units)) return match[1];
  return std::nullopt;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

[[noreturn]] void fail_for_memory(const std::string& what, const std::function<std::string()>& advice) {
  std::string more;
  try {
    if (advice) more = advice();
  } catch (const std::exception&) {
    // Without a plan the error itself says enough.
  }
  throw Error(fmt::format("out of memory: {}{}{}", what, more.empty() ? "" : "; ", more));
}

// Of one rank's device.
std::int64_t device_memory(bool gpu) {
  if (!gpu) return machine_memory().total / parallel::local_size();
  const auto found = gpus();
  return found.at(static_cast<std::size_t>(parallel::local_rank())).memory.total;
}

}  // namespace

void plainly(const std::function<void()>& work, const std::function<std::string()>& advice) {
  try {
    work();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (const auto size = asked_for(message)) fail_for_memory(fmt::format("{} more were asked for", *size), advice);
    throw Error(first_line(message));
  } catch (const std::bad_alloc&) {
    fail_for_memory("the machine has no more", advice);
  }
}

std::string advice_for(const config::Config& config, const std::string& stage) {
  if (stage != "align" && stage != "sft") return "a smaller train.micro_batch_size takes less";
  const bool gpu = parallel::choose_device(config.run.device).is_cuda();
  const auto work = shapes::Workload::read(config, stage, gpu, parallel::world_size());
  const std::int64_t memory = device_memory(gpu);
  const std::int64_t largest = shapes::largest_micro_batch(work, memory);
  const std::string plan =
      fmt::format("`midillama plan --stage {}` counts {} of {} for micro-batches of {}", stage,
                  gibibytes(shapes::plan_memory(work, work.micro_batch_size()).total()), gibibytes(memory), work.micro_batch_size());
  if (largest == 0) return plan + "; not even one example fits: prompt.max_length can be made smaller";
  return plan + fmt::format("; with nothing else running, train.micro_batch_size={} fits", largest);
}

}  // namespace midillama::cli
