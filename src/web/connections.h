// Connections that were accepted and wait for a thread that serves them. Threads may share it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace midillama::web {

class Connections {
 public:
  explicit Connections(std::size_t most_waiting) : most_waiting_(most_waiting) {}
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Takes a socket over. Where as many wait as may, it is told to come back (status 503) and closed.
  void add(int socket);
  // Waits for one. Nothing once the server ends.
  std::optional<int> next();
  // The server ends: nobody is served any more.
  void end();

  bool have_ended() const { return have_ended_; }
  // Whether somebody waits for a place that others have.
  bool wait_for_a_place() const { return waiting_count_ > 0; }

 private:
  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> waiting_;
  std::size_t idle_threads_ = 0;
  std::atomic<std::size_t> waiting_count_ = 0;  // of those for whom no thread is idle
  std::atomic<bool> have_ended_ = false;
};

}  // namespace midillama::web
