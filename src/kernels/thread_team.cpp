#include "midillama/kernels/thread_team.h"

#include <hwy/cache_control.h>

#include <chrono>
#include <utility>

namespace midillama::kernels {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than most of what one thread does alone between two rounds, so that on an idle machine helpers are there for the next.
constexpr std::chrono::microseconds kSpin{200};

// In a task: tasks of tasks are not shared.
thread_local bool t_in_task = false;

// Waits while changed(value) is false: spinning first, then asleep.
template <typename Value, typename Changed>
void await_change(const std::atomic<Value>& value, const Changed& changed) {
  const auto sleeps_at = Clock::now() + kSpin;
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (changed(value.load(std::memory_order_acquire))) return;
      hwy::Pause();
    }
    if (Clock::now() >= sleeps_at) break;
  }
  for (Value now = value.load(); !changed(now); now = value.load()) value.wait(now);
}

constexpr std::uint64_t kNextMask = 0xFFFF, kCountShift = 16, kRoundShift = 32;

}  // namespace

ThreadTeam::ThreadTeam(int threads) {
  for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
}

ThreadTeam::~ThreadTeam() {
  ends_ = true;
  ++round_;
  round_.notify_all();
}

void ThreadTeam::share(std::int64_t count, Call call, const void* callable) {
  std::unique_lock lock(in_use_, std::defer_lock);
  if (count <= 1 || helpers_.empty() || t_in_task || !lock.try_lock()) {
    for (std::int64_t i = 0; i < count; ++i) call(callable, i);
    return;
  }
  call_ = call, callable_ = callable;
  done_.store(0, std::memory_order_relaxed);
  const std::uint64_t round = round_.load(std::memory_order_relaxed) + 1;
  ticket_.store(round << kRoundShift | static_cast<std::uint64_t>(count) << kCountShift, std::memory_order_release);
  round_.store(static_cast<std::uint32_t>(round));
  round_.notify_all();
  take_tasks();
  await_tasks(static_cast<std::uint32_t>(count));
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void ThreadTeam::take_tasks() {
  t_in_task = true;
  for (;;) {
    // Tickets of a round that is over stay below 2^16 by far: each thread asks in vain once a round.
    const std::uint64_t ticket = ticket_.fetch_add(1, std::memory_order_acq_rel);
    const auto next = static_cast<std::int64_t>(ticket & kNextMask), count = static_cast<std::int64_t>(ticket >> kCountShift & kNextMask);
    if (next >= count) break;
    run_task(next);
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<std::uint32_t>(count)) done_.notify_all();
  }
  t_in_task = false;
}

void ThreadTeam::run_task(std::int64_t i) {
  try {
    call_(callable_, i);
  } catch (...) {
    const std::lock_guard lock(error_mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

void ThreadTeam::await_tasks(std::uint32_t count) {
  await_change(done_, [count](std::uint32_t done) { return done == count; });
}

void ThreadTeam::help() {
  for (std::uint32_t seen = 0; !ends_;) {
    await_change(round_, [seen](std::uint32_t round) { return round != seen; });
    seen = round_.load();
    if (!ends_) take_tasks();
  }
}

}  // namespace midillama::kernels
