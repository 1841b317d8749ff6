// Threads that share short tasks: a few microseconds each, thousands of them a second.
//
// OpenMP's threads wait for each other at the end of every loop, so a thread whose core another program has taken holds all of them up, and
// those that wait spin on the cores that it could have. Here a loop is cut into more tasks than there are threads, and whoever is free
// takes the next; the caller waits only for tasks that somebody has begun. Threads without work spin for some microseconds and then sleep.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace midillama::kernels {

class ThreadTeam {
 public:
  // The calling threads' helpers: threads - 1.
  explicit ThreadTeam(int threads);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int threads() const { return static_cast<int>(helpers_.size()) + 1; }

  // task(i) for all i in [0, count), count at most kMostTasks, in any order, on this thread and on helpers. Throws the first exception of a
  // task after all of them. Called inside a task, or while another thread's call is running, it runs them on this thread alone.
  template <typename Task>
  void run(std::int64_t count, const Task& task) {
    share(
        count, [](const void* callable, std::int64_t i) { (*static_cast<const Task*>(callable))(i); }, &task);
  }
  static constexpr std::int64_t kMostTasks = 4096;

 private:
  using Call = void (*)(const void* callable, std::int64_t i);

  void share(std::int64_t count, Call call, const void* callable);
  // Takes tasks until there are none left.
  void take_tasks();
  void run_task(std::int64_t i);
  void await_tasks(std::uint32_t count);
  void help();

  // Round, number of tasks and the next one, in one word, so that a helper which comes late cannot take a task of a round that it has not
  // seen.
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<std::uint32_t> round_{0};  // what helpers wait for
  std::atomic<std::uint32_t> done_{0};   // tasks of the round
  std::atomic<bool> ends_{false};
  Call call_ = nullptr;  // of the round, as the next
  const void* callable_ = nullptr;
  std::mutex in_use_;
  std::mutex error_mutex_;
  std::exception_ptr error_;
  std::vector<std::jthread> helpers_;
};

// How a range is cut into shares: all but the last are at least `least` and multiples of `unit`.
struct Cut {
  std::int64_t least = 1;
  std::int64_t unit = 1;
  std::int64_t per_thread = 4;  // at most; several, so that a thread which is held up keeps little of the work
};

// task(first, count) for shares of [0, total), by the team; without one by the calling thread in one go.
template <typename Task>
void share_range(ThreadTeam* team, std::int64_t total, const Cut& cut, const Task& task) {
  const auto [least, unit, per_thread] = cut;
  if (team == nullptr || total <= least) return task(std::int64_t{0}, total);
  const std::int64_t most = per_thread * team->threads();
  const std::int64_t share = (std::max(least, (total + most - 1) / most) + unit - 1) / unit * unit;
  team->run((total + share - 1) / share, [&](std::int64_t i) { task(i * share, std::min(share, total - i * share)); });
}

}  // namespace midillama::kernels
