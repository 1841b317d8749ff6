// Signs of life of the ranks, kept in their store by a thread of each rank.
//
// A rank is gone when its sign does not change over a number of looks at it. Looks are counted, not seconds, so that a rank which slept
// itself (a stopped process, a suspended machine) does not take the others for dead when it wakes.
#pragma once

#include "parallel/bounded_store.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace midillama::parallel {

class Heartbeat {
 public:
  static constexpr int kLooksUntilGone = 15;
  // Enough where a broken connection has already said that something is wrong.
  static constexpr int kLooksAfterFailure = 4;

  // How often a sign is given, for a run whose ranks wait `timeout` for each other.
  static std::chrono::milliseconds interval(std::chrono::milliseconds timeout);

  // `connect` makes this object's own connection to the store, whose keeper is `home` in errors; all its keys begin with `prefix`.
  Heartbeat(const std::string& home, BoundedStore::Connect connect, const std::string& prefix, int rank, int size,
            std::chrono::milliseconds timeout);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  // Publishes that this rank has come to collective number `collective`.
  void arrive(std::uint64_t collective) { arrived_ = collective; }

  // Why the ranks cannot go on: what a rank reported, a store out of reach, or ranks whose sign did not change over `looks` looks. Nothing
  // while all is well.
  std::optional<std::string> trouble(int looks = kLooksUntilGone) const;

  // The ranks that have not come to collective number `collective`, as far as is known.
  std::vector<int> behind(std::uint64_t collective) const;

  std::chrono::milliseconds interval() const { return interval_; }

 private:
  struct Peer {
    std::string sign;
    std::uint64_t arrived = 0;
    int unchanged_looks = 0;
  };

  void run();
  void look();
  void lose_store(const std::string& why);

  std::chrono::milliseconds interval_;
  std::string home_;
  BoundedStore store_;
  std::string failure_key_;
  int rank_;
  std::vector<std::string> keys_;
  std::atomic<std::uint64_t> arrived_{0};

  mutable std::mutex mutex_;
  std::vector<Peer> peers_;
  std::string reported_;
  std::string store_lost_;  // why

  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

// Where a rank leaves the reason why it ends for the others; the first reason stays.
std::string failure_key(const std::string& prefix);

// "rank 1", "ranks 1 and 3".
std::string name_ranks(const std::vector<int>& ranks);

}  // namespace midillama::parallel
