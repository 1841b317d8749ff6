// A thread that does one thing after the other, for whoever asks.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

namespace midillama {

// What LibTorch does on many threads keeps a team of threads for each that calls it: work of servers that has to be done in order anyway is
// done here, on one.
class SingleWorker {
 public:
  SingleWorker();
  // After what was asked for.
  ~SingleWorker();
  SingleWorker(const SingleWorker&) = delete;
  SingleWorker& operator=(const SingleWorker&) = delete;

  // What `work` will return, or throw.
  template <class Work>
  std::future<std::invoke_result_t<Work>> start(Work work) {
    std::packaged_task<std::invoke_result_t<Work>()> task(std::move(work));
    auto result = task.get_future();
    add(std::packaged_task<void()>([task = std::move(task)]() mutable { task(); }));
    return result;
  }
  // Any thread but the worker: waits for it.
  template <class Work>
  std::invoke_result_t<Work> run(Work work) {
    return start(std::move(work)).get();
  }

 private:
  void add(std::packaged_task<void()> task);
  void work();

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<std::packaged_task<void()>> tasks_;
  bool is_closing_ = false;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace midillama
