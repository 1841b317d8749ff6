#include "parallel/c10d_group.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "parallel/backend.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <thread>

namespace midillama::parallel {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLeaveWait(5000);

// The first line of a LibTorch error, without its backtrace.
std::string reason_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

double seconds(milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

bool keeps_store(const Environment& environment) {
  return environment.rank == 0 && !environment.agent_store;
}

std::string store_home(const Environment& environment) {
  return environment.agent_store ? fmt::format("the launcher at {}", environment.master())
                                 : fmt::format("rank 0 at {}", environment.master());
}

c10::intrusive_ptr<c10d::Store> connect(const Environment& environment, bool as_server, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = environment.master_port;
  options.isServer = as_server;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    auto store = c10::make_intrusive<c10d::TCPStore>(environment.master_address, options);
    return c10::make_intrusive<c10d::PrefixStore>("midillama", std::move(store));
  } catch (const std::exception& error) {
    throw Error(as_server ? fmt::format("rank 0 cannot open the ranks' store at {}: is the port taken? ({})", environment.master(),
                                        reason_of(error))
                          : fmt::format("rank {} cannot reach {} within {:g} s: has it started? ({})", environment.rank,
                                        store_home(environment), seconds(timeout), reason_of(error)));
  }
}

}  // namespace

class C10dGroup::Operation final : public Pending {
 public:
  Operation(C10dGroup& group, const char* what, std::uint64_t collective, c10::intrusive_ptr<c10d::Work> work)
      : group_(group), what_(what), collective_(collective), work_(std::move(work)) {}

  void wait() override {
    group_.guarded(what_, [this] {
      group_.wait_until(what_, collective_, false, [this] { return work_->isCompleted(); });
      work_->wait();
    });
  }

 private:
  C10dGroup& group_;
  const char* what_;
  std::uint64_t collective_;
  c10::intrusive_ptr<c10d::Work> work_;
};

C10dGroup::C10dGroup(const Environment& environment, torch::Device device, std::chrono::seconds timeout)
    : environment_(environment),
      timeout_(timeout),
      exceptions_at_start_(std::uncaught_exceptions()),
      store_(store_home(environment), Heartbeat::interval(timeout_), static_cast<int>(timeout_ / Heartbeat::interval(timeout_)),
             [environment, limit = timeout_] { return connect(environment, keeps_store(environment), limit); }),
      start_(store_, environment.rank, environment.size, timeout_),
      heartbeat_(std::make_unique<Heartbeat>(
          store_home(environment), [environment, limit = timeout_] { return connect(environment, false, limit); }, start_.prefix(),
          environment.rank, environment.size, timeout_)) {
  store_.on_silence([this] {
    if (const auto trouble = heartbeat_->trouble()) throw Error(*trouble);
  });
  try {
    guarded("connecting the ranks", [&] {
      meet();
      // Twice the timeout: this object gives up first, with a better message.
      connect_backend(device, 2 * timeout_);
    });
  } catch (...) {
    try_to_leave(true);
    throw;
  }
}

C10dGroup::~C10dGroup() {
  try_to_leave(std::uncaught_exceptions() > exceptions_at_start_);
}

void C10dGroup::try_to_leave(bool after_error) {
  try {
    leave(after_error);
  } catch (const std::exception&) {
    // The store is gone, and with it everyone who could be told.
  }
  if (!backend_) return;
  try {
    // Without this NCCL's communicators hang in their destructors while an operation waits for a rank that is gone.
    after_error ? backend_->abort() : backend_->shutdown();
  } catch (const std::exception& error) {
    log::debug("rank {}: closing the connections: {}", rank(), error.what());
  }
}

void C10dGroup::connect_backend(torch::Device device, milliseconds timeout) {
  const auto keys = store_.below(start_.prefix());
  if (device.is_cuda()) {  // which belongs to the thread whose GPU is chosen
    backend_ = make_backend(keys, rank(), size(), device, timeout);
    return;
  }
  constexpr int kTimes = 4;  // Gloo has limits of its own
  backend_ = store_.bounded(
      [keys, device, timeout, rank = rank(), size = size()](c10d::Store&) { return make_backend(keys, rank, size, device, timeout); },
      kTimes);
}

std::vector<std::string> C10dGroup::keys(const std::string& stage) const {
  std::vector<std::string> keys;
  for (int i = 0; i < size(); ++i) keys.push_back(start_.key(fmt::format("{}/{}", stage, i)));
  return keys;
}

void C10dGroup::meet() {
  const auto here = keys("here");
  store_.set(here[static_cast<std::size_t>(rank())], "1");
  const auto deadline = steady_clock::now() + timeout_;
  while (!store_.has(here)) {
    start_.answer();
    if (const auto trouble = heartbeat_->trouble()) fail(*trouble);
    if (steady_clock::now() > deadline) {
      std::vector<int> missing;
      for (int i = 0; i < size(); ++i) {
        if (!store_.has({here[static_cast<std::size_t>(i)]})) missing.push_back(i);
      }
      fail(fmt::format("{} did not start within {:g} s", name_ranks(missing), seconds(timeout_)));
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
}

void C10dGroup::leave(bool after_error) {
  if (after_error) report(fmt::format("rank {} ended with an error; its own output says why", rank()));
  const auto left = keys("left");
  store_.set(left[static_cast<std::size_t>(rank())], "1");
  if (!keeps_store(environment_)) return;
  const auto deadline = steady_clock::now() + kLeaveWait;
  while (!store_.has(left) && steady_clock::now() < deadline && (after_error || !heartbeat_->trouble(Heartbeat::kLooksAfterFailure))) {
    std::this_thread::sleep_for(milliseconds(10));
  }
}

std::unique_ptr<Pending> C10dGroup::start_all_reduce_sum(torch::Tensor tensor) {
  std::vector<torch::Tensor> tensors{std::move(tensor)};
  return start("summing over the ranks", [&] { return backend_->allreduce(tensors); });
}

std::unique_ptr<Pending> C10dGroup::start_all_gather(torch::Tensor tensor, torch::Tensor gathered) {
  return start("gathering from the ranks", [&] { return backend_->_allgather_base(gathered, tensor); });
}

void C10dGroup::broadcast(torch::Tensor tensor, int root) {
  std::vector<torch::Tensor> tensors{std::move(tensor)};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  start("sending to the ranks", [&] { return backend_->broadcast(tensors, options); })->wait();
}

std::vector<std::string> C10dGroup::all_gather(const std::string& text) {
  constexpr const char* kWhat = "waiting for the ranks";
  std::vector<std::string> texts;
  heartbeat_->arrive(++collectives_);
  guarded(kWhat, [&] {
    const auto now = keys(fmt::format("gather/{}", collectives_));
    store_.set(now[static_cast<std::size_t>(rank())], "=" + text);
    wait_until(kWhat, collectives_, true, [&] { return store_.has(now); });
    for (const std::string& sent : store_.get(now)) texts.push_back(sent.substr(1));
  });
  return texts;
}

std::unique_ptr<Pending> C10dGroup::start(const char* what, const std::function<c10::intrusive_ptr<c10d::Work>()>& operation) {
  heartbeat_->arrive(++collectives_);
  std::unique_ptr<Pending> pending;
  guarded(what, [&] { pending = std::make_unique<Operation>(*this, what, collectives_, operation()); });
  return pending;
}

void C10dGroup::guarded(const char* what, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    blame(what, reason_of(error));
  }
}

void C10dGroup::wait_until(const char* what, std::uint64_t collective, bool patient, const std::function<bool()>& done) {
  const auto start = steady_clock::now();
  while (!done()) {
    const auto waited = duration_cast<microseconds>(steady_clock::now() - start);
    std::this_thread::sleep_for(std::clamp(waited / 8, microseconds(20), microseconds(1000)));
    if (const auto trouble = heartbeat_->trouble()) fail(*trouble);
    if (patient || steady_clock::now() - start < timeout_) continue;
    const auto behind = heartbeat_->behind(collective);
    fail(fmt::format("{} took longer than {:g} s (run.timeout): {}", what, seconds(timeout_),
                     behind.empty() ? "all ranks came, but the network did not carry it"
                                    : name_ranks(behind) + " did not come, but shows signs of life"));
  }
}

void C10dGroup::blame(const char* what, const std::string& reason) {
  const auto deadline = steady_clock::now() + Heartbeat::kLooksUntilGone * heartbeat_->interval();
  while (steady_clock::now() < deadline) {
    if (const auto trouble = heartbeat_->trouble(Heartbeat::kLooksAfterFailure)) fail(*trouble);
    std::this_thread::sleep_for(heartbeat_->interval() / 4);
  }
  fail(fmt::format("{} failed although every rank shows signs of life: {}", what, reason));
}

void C10dGroup::report(const std::string& message) {
  store_.set_once(failure_key(start_.prefix()), message);
}

void C10dGroup::fail(const std::string& message) {
  try {
    report(message);
  } catch (const std::exception&) {
    // Without the store the others find out for themselves.
  }
  throw Error(message);
}

}  // namespace midillama::parallel
