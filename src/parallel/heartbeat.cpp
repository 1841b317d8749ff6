#include "parallel/heartbeat.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::parallel {
namespace {

using std::chrono::milliseconds;

std::string sign(std::uint64_t beat, std::uint64_t arrived) {
  return fmt::format("{} {}", beat, arrived);
}

}  // namespace

milliseconds Heartbeat::interval(milliseconds timeout) {
  return std::clamp(timeout / 20, milliseconds(50), milliseconds(1000));
}

Heartbeat::Heartbeat(const std::string& home, BoundedStore::Connect connect, const std::string& prefix, int rank, int size,
                     milliseconds timeout)
    : interval_(interval(timeout)),
      home_(home),
      store_(home, interval_, kLooksUntilGone, std::move(connect)),
      failure_key_(failure_key(prefix)),
      rank_(rank) {
  for (int i = 0; i < size; ++i) keys_.push_back(fmt::format("{}/alive/{}", prefix, i));
  peers_.resize(static_cast<std::size_t>(size));
  store_.set(keys_[static_cast<std::size_t>(rank_)], sign(0, 0));
  store_.on_silence([this] {
    const std::lock_guard lock(mutex_);
    if (stop_) throw Error("the ranks part");
  });
  thread_ = std::thread([this] { run(); });
}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Heartbeat::run() {
  try {
    for (std::uint64_t beat = 1;; ++beat) {
      {
        std::unique_lock lock(mutex_);
        if (wake_.wait_for(lock, interval_, [this] { return stop_; })) return;
      }
      store_.set(keys_[static_cast<std::size_t>(rank_)], sign(beat, arrived_));
      look();
    }
  } catch (const Error& error) {
    lose_store(error.what());
  } catch (const std::exception& error) {
    log::debug("rank {}: the store is out of reach: {}", rank_, error.what());
    lose_store(fmt::format("{} is gone: the ranks' store cannot be reached", home_));
  }
}

void Heartbeat::lose_store(const std::string& why) {
  const std::lock_guard lock(mutex_);
  store_lost_ = why;
}

void Heartbeat::look() {
  const bool all_started = store_.has(keys_);
  const auto signs = all_started ? store_.get(keys_) : std::vector<std::string>();
  const std::string reported = store_.has({failure_key_}) ? store_.get(failure_key_) : "";
  const std::lock_guard lock(mutex_);
  reported_ = reported;
  for (std::size_t i = 0; i < signs.size(); ++i) {
    const std::string& now = signs[i];
    Peer& peer = peers_[i];
    peer.unchanged_looks = peer.sign == now ? peer.unchanged_looks + 1 : 0;
    peer.sign = now;
    peer.arrived = std::stoull(now.substr(now.find(' ') + 1));
  }
}

std::optional<std::string> Heartbeat::trouble(int looks) const {
  const std::lock_guard lock(mutex_);
  if (!reported_.empty()) return reported_;
  if (!store_lost_.empty()) return store_lost_;
  std::vector<int> gone;
  for (int i = 0; i < static_cast<int>(peers_.size()); ++i) {
    if (i != rank_ && peers_[static_cast<std::size_t>(i)].unchanged_looks >= looks) gone.push_back(i);
  }
  if (gone.empty()) return std::nullopt;
  return fmt::format("{} {} gone: no sign of life for {:.1f} s", name_ranks(gone), gone.size() == 1 ? "is" : "are",
                     static_cast<double>(looks * interval_.count()) / 1000);
}

std::vector<int> Heartbeat::behind(std::uint64_t collective) const {
  const std::lock_guard lock(mutex_);
  std::vector<int> ranks;
  for (int i = 0; i < static_cast<int>(peers_.size()); ++i) {
    if (i != rank_ && peers_[static_cast<std::size_t>(i)].arrived < collective) ranks.push_back(i);
  }
  return ranks;
}

std::string failure_key(const std::string& prefix) {
  return prefix + "/failure";
}

std::string name_ranks(const std::vector<int>& ranks) {
  if (ranks.size() == 1) return fmt::format("rank {}", ranks[0]);
  return fmt::format("ranks {} and {}", fmt::join(ranks.begin(), ranks.end() - 1, ", "), ranks.back());
}

}  // namespace midillama::parallel
