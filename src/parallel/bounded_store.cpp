#include "parallel/bounded_store.h"

#include "midillama/core/error.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include <fmt/format.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace midillama::parallel {
namespace {

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

// What the calling thread shares with the one that makes the calls.
struct BoundedStore::Calls {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> waiting;
  bool stop = false;
  bool given_up = false;  // one hangs

  static void make(const std::shared_ptr<Calls>& calls) {
    for (;;) {
      std::function<void()> call;
      {
        std::unique_lock lock(calls->mutex);
        calls->wake.wait(lock, [&] { return calls->stop || !calls->waiting.empty(); });
        if (calls->stop) return;
        call = std::move(calls->waiting.front());
        calls->waiting.pop_front();
      }
      call();
    }
  }
};

BoundedStore::BoundedStore(std::string home, std::chrono::milliseconds interval, int rounds, Connect connect)
    : home_(std::move(home)), interval_(interval), rounds_(rounds), calls_(std::make_shared<Calls>()) {
  std::thread(Calls::make, calls_).detach();  // it may hang when this object goes
  auto task = std::make_shared<std::packaged_task<c10::intrusive_ptr<c10d::Store>()>>(std::move(connect));
  auto store = task->get_future();
  post([task] { (*task)(); });
  constexpr std::chrono::milliseconds kExtra(30000);
  await([&](std::chrono::milliseconds time) { return store.wait_for(time) == std::future_status::ready; },
        2 * rounds_ + static_cast<int>(kExtra / interval_));
  store_ = store.get();
}

BoundedStore::~BoundedStore() {
  const std::lock_guard lock(calls_->mutex);
  calls_->stop = true;
  calls_->wake.notify_all();
}

void BoundedStore::post(std::function<void()> call) {
  const std::lock_guard lock(calls_->mutex);
  if (calls_->given_up) throw Error(fmt::format("{} does not answer", home_));
  calls_->waiting.push_back(std::move(call));
  calls_->wake.notify_all();
}

void BoundedStore::await(const std::function<bool(std::chrono::milliseconds)>& ready, int rounds) {
  try {
    for (int round = 0; round < rounds; ++round) {
      if (ready(interval_)) return;
      if (on_silence_) on_silence_();
    }
    throw Error(fmt::format("{} did not answer for {:g} s (it keeps the ranks' store): its process is stopped, or its machine hangs", home_,
                            static_cast<double>((rounds * interval_).count()) / 1000));
  } catch (const Error&) {
    const std::lock_guard lock(calls_->mutex);
    calls_->given_up = true;
    throw;
  }
}

void BoundedStore::set(const std::string& key, const std::string& value) {
  bounded([key, value](c10d::Store& store) { store.set(key, value); });
}

void BoundedStore::set_once(const std::string& key, const std::string& value) {
  bounded([key, value](c10d::Store& store) { store.compareSet(key, "", value); });
}

bool BoundedStore::has(const std::vector<std::string>& keys) {
  return bounded([keys](c10d::Store& store) { return store.check(keys); });
}

std::string BoundedStore::get(const std::string& key) {
  return bounded([key](c10d::Store& store) { return store.get_to_str(key); });
}

std::vector<std::string> BoundedStore::get(const std::vector<std::string>& keys) {
  return bounded([keys](c10d::Store& store) {
    std::vector<std::string> texts;
    for (const auto& bytes : store.multiGet(keys)) texts.push_back(text_of(bytes));
    return texts;
  });
}

c10::intrusive_ptr<c10d::Store> BoundedStore::below(const std::string& prefix) const {
  return c10::make_intrusive<c10d::PrefixStore>(prefix, store_);
}

}  // namespace midillama::parallel
