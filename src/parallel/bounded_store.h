// The ranks' store, every call of which ends.
//
// c10d's store waits without a limit for its keeper's answer, so a keeper whose process is stopped, or whose machine hangs, would hold all
// ranks for ever. Here a thread makes the calls and the caller counts rounds while it waits: rounds, not time, so that a rank which was
// itself stopped does not blame the keeper when it wakes. A call that was given up may still be under way when this object is gone.
#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace midillama::parallel {

class BoundedStore {
 public:
  using Connect = std::function<c10::intrusive_ptr<c10d::Store>()>;

  // `home` says in errors who keeps the store. A call is given up after `rounds` of `interval`. Connecting has a limit of its own and says
  // more when that is reached: it is given up long after. What `connect` throws is passed on.
  BoundedStore(std::string home, std::chrono::milliseconds interval, int rounds, Connect connect);
  ~BoundedStore();
  BoundedStore(const BoundedStore&) = delete;
  BoundedStore& operator=(const BoundedStore&) = delete;

  // Called after each round without an answer; what it throws ends the wait.
  void on_silence(std::function<void()> callback) { on_silence_ = std::move(callback); }

  // Error where the keeper does not answer, and from then on at once; c10d's exceptions where it cannot be reached.
  void set(const std::string& key, const std::string& value);
  // The first value that a key is given this way stays.
  void set_once(const std::string& key, const std::string& value);
  bool has(const std::vector<std::string>& keys);
  std::string get(const std::string& key);
  std::vector<std::string> get(const std::vector<std::string>& keys);

  // The result of other work with the store; `call` owns what it uses.
  template <typename Call>
  auto bounded(Call call, int times = 1) {
    using Result = std::invoke_result_t<Call, c10d::Store&>;
    auto task = std::make_shared<std::packaged_task<Result()>>([store = store_, call = std::move(call)] { return call(*store); });
    auto result = task->get_future();
    post([task] { (*task)(); });
    await([&](std::chrono::milliseconds time) { return result.wait_for(time) == std::future_status::ready; }, times * rounds_);
    return result.get();
  }

  // The keys that begin with `prefix`, for c10d.
  c10::intrusive_ptr<c10d::Store> below(const std::string& prefix) const;

 private:
  struct Calls;

  void post(std::function<void()> call);
  // Error where `ready` does not come true within so many rounds.
  void await(const std::function<bool(std::chrono::milliseconds)>& ready, int rounds);

  std::string home_;
  std::chrono::milliseconds interval_;
  int rounds_;
  std::function<void()> on_silence_;
  std::shared_ptr<Calls> calls_;
  c10::intrusive_ptr<c10d::Store> store_;
};

}  // namespace midillama::parallel
