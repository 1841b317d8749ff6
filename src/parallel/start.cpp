#include "parallel/start.h"

#include "midillama/core/error.h"

#include <fmt/format.h>

#include <random>
#include <thread>

namespace midillama::parallel {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string draw_number() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::string question(std::size_t rank) {
  return fmt::format("start/question/{}", rank);
}

std::string answer_to(const std::string& number) {
  return "start/answer/" + number;
}

}  // namespace

Start::Start(BoundedStore& store, int rank, int size, milliseconds timeout)
    : store_(store), rank_(rank), number_(draw_number()), answered_(static_cast<std::size_t>(size)) {
  if (rank_ == 0) {
    name_ = number_;
  } else {
    ask(timeout);
  }
}

void Start::ask(milliseconds timeout) {
  store_.set(question(static_cast<std::size_t>(rank_)), number_);
  const auto deadline = steady_clock::now() + timeout;
  while (!store_.has({answer_to(number_)})) {
    if (steady_clock::now() > deadline)
      throw Error(fmt::format("rank 0 did not start within {:g} s", static_cast<double>(timeout.count()) / 1000));
    std::this_thread::sleep_for(milliseconds(20));
  }
  name_ = store_.get(answer_to(number_));
}

void Start::answer() {
  if (rank_ != 0) return;
  for (std::size_t i = 1; i < answered_.size(); ++i) {
    if (!store_.has({question(i)})) continue;
    const std::string number = store_.get(question(i));
    if (number == answered_[i]) continue;
    store_.set(answer_to(number), name_);
    answered_[i] = number;
  }
}

}  // namespace midillama::parallel
