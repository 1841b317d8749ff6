// Signs of life of the ranks, kept in their store by a thread of each rank.
//
// A rank is gone when its sign does not change over a number of looks at it. Looks are counted, not seconds, so that a rank which slept
// itself (a stopped process, a suspended machine) does not take the others for dead when it wakes.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

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

  // `store` is this object's own connection. `store_home` says in errors who keeps the store.
  Heartbeat(c10::intrusive_ptr<c10d::Store> store, std::string store_home, int rank, int size, std::chrono::milliseconds timeout);
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

  c10::intrusive_ptr<c10d::Store> store_;
  std::string store_home_;
  int rank_;
  std::chrono::milliseconds interval_;
  std::vector<std::string> keys_;
  std::atomic<std::uint64_t> arrived_{0};

  mutable std::mutex mutex_;
  std::vector<Peer> peers_;
  std::string reported_;
  bool store_lost_ = false;

  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

// Leaves `message` for the other ranks as the reason why this rank ends; the first message stays.
void report_failure(c10d::Store& store, const std::string& message);

// "rank 1", "ranks 1 and 3".
std::string name_ranks(const std::vector<int>& ranks);

}  // namespace midillama::parallel
