#include "midillama/generate/queue.h"

#include "generate/tiny_model.h"
#include "midillama/core/error.h"
#include "midillama/generate/generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace midillama::generate {
namespace {

struct QueueTest : testing::Test {
  // A request whose completion is kept in `completions` under its number.
  Request request(std::size_t which, const Sampling& sampling) {
    return {.prompt = tiny.cases[which].prompt, .sampling = sampling, .on_end = [this](std::size_t number, const Completion& completion) {
              completions[number] = completion;
            }};
  }
  std::vector<std::int64_t> alone(std::size_t which, const Sampling& sampling) {
    Queue queue(tiny.model, {});
    const std::size_t number = queue.add(request(which, sampling));
    queue.drain();
    return completions.extract(number).mapped().token_ids;
  }

  TinyModel tiny = load_tiny_model();
  std::map<std::size_t, Completion> completions;
};

// Greedy and sampled requests of all lengths, one more every `every` steps.
TEST_F(QueueTest, RequestsJoinARunningBatchAndGetTheTokensTheyGetAlone) {
  std::vector<Sampling> samplings;
  std::vector<std::vector<std::int64_t>> expected;
  for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
    Sampling sampling{.max_new_tokens = 10 + 7 * static_cast<std::int64_t>(i % 3), .seed = 5, .stream = i};
    if (i % 2 == 1) sampling.temperature = 1.0, sampling.top_p = 0.9;
    samplings.push_back(sampling);
    expected.push_back(alone(i, sampling));
  }
  for (const bool fixed_shapes : {false, true}) {
    for (const int every : {0, 1, 3, 9}) {
      completions.clear();
      Queue queue(tiny.model, {.batch_size = 3, .fixed_shapes = fixed_shapes});
      for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
        EXPECT_EQ(queue.add(request(i, samplings[i])), i);
        for (int step = 0; step < every; ++step) queue.step();
      }
      queue.drain();
      for (std::size_t i = 0; i < tiny.cases.size(); ++i) {
        EXPECT_EQ(completions[i].token_ids, expected[i]) << "request " << i << ", one every " << every << " steps, fixed: " << fixed_shapes;
      }
    }
  }
}

TEST_F(QueueTest, EveryTokenIsReportedAndTheCallbackMayStop) {
  const auto expected = alone(0, {.max_new_tokens = 20});
  std::vector<std::int64_t> seen;
  Queue queue(tiny.model, {});
  auto stopping = request(0, {.max_new_tokens = 20});
  stopping.on_token = [&](const NewToken& token) {
    EXPECT_EQ(token.request, 0U);
    seen.push_back(token.id);
    return seen.size() < 5;
  };
  queue.add(std::move(stopping));
  queue.add(request(1, {.max_new_tokens = 20}));
  queue.drain();
  EXPECT_EQ(seen, std::vector(expected.begin(), expected.begin() + 5));
  EXPECT_EQ(completions[0].token_ids, seen);
  EXPECT_EQ(completions[0].finish, Finish::stopped);
  EXPECT_EQ(completions[1].token_ids, alone(1, {.max_new_tokens = 20})) << "the other goes on";
}

TEST_F(QueueTest, AStopIdEndsARequestAndIsNotReported) {
  const auto tokens = alone(2, {.max_new_tokens = 20});
  std::vector<std::int64_t> seen;
  Queue queue(tiny.model, {});
  auto stopping = request(2, {.max_new_tokens = 20, .stop_ids = {tokens[3]}});
  stopping.on_token = [&](const NewToken& token) { return seen.push_back(token.id), true; };
  queue.add(std::move(stopping));
  queue.drain();
  EXPECT_EQ(completions[0].finish, Finish::stop);
  EXPECT_EQ(seen, completions[0].token_ids);
  EXPECT_EQ(std::ranges::count(seen, tokens[3]), 0);
}

TEST_F(QueueTest, StopEndsWaitingAndRunningRequests) {
  Queue queue(tiny.model, {.batch_size = 1});
  const auto running = queue.add(request(0, {.max_new_tokens = 50}));
  const auto waiting = queue.add(request(1, {.max_new_tokens = 50}));
  const auto last = queue.add(request(2, {.max_new_tokens = 4}));
  queue.step();
  queue.step();
  queue.stop(running);
  queue.stop(waiting);
  queue.stop(99);
  queue.drain();
  EXPECT_EQ(completions[running].finish, Finish::stopped);
  EXPECT_EQ(completions[running].token_ids.size(), 2U);
  EXPECT_EQ(completions[waiting].finish, Finish::stopped);
  EXPECT_TRUE(completions[waiting].token_ids.empty());
  EXPECT_EQ(completions[last].token_ids.size(), 4U);
}

TEST_F(QueueTest, JoiningMayWaitForSeveralFreePlaces) {
  Queue queue(tiny.model, {.batch_size = 2, .join_places = 2});
  std::vector<std::size_t> order;
  const auto add = [&](std::size_t which, std::int64_t tokens) {
    auto next = request(which, {.max_new_tokens = tokens});
    next.on_end = [&](std::size_t number, const Completion&) { order.push_back(number); };
    queue.add(std::move(next));
  };
  add(0, 2), add(1, 6), add(2, 1);
  queue.drain();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2)) << "the third comes when the batch is empty";
}

TEST_F(QueueTest, OneThreadAnswersWhatOthersAsk) {
  Queue queue(tiny.model, {.batch_size = 4});
  std::thread worker([&] {
    while (queue.wait()) queue.step();
  });
  std::vector<std::thread> clients;
  for (std::size_t client = 0; client < 3; ++client) {
    clients.emplace_back([&, client] {
      for (std::size_t i = 0; i < 3; ++i)
        queue.add({.prompt = tiny.cases[client].prompt,
                   .sampling = {.max_new_tokens = 5},
                   .on_end = [&](std::size_t number, const Completion& completion) {
                     completions[number] = completion;  // called by the worker alone
                   }});
    });
  }
  for (auto& client : clients) client.join();
  queue.close();
  worker.join();
  EXPECT_EQ(completions.size(), 9U);
  EXPECT_THROW(queue.add(request(0, {})), Error);
}

TEST_F(QueueTest, ACallbackMayAskTheNextQuestion) {
  Queue queue(tiny.model, {});
  auto first = request(0, {.max_new_tokens = 2});
  first.on_end = [&](std::size_t, const Completion&) { queue.add(request(1, {.max_new_tokens = 3})); };
  queue.add(std::move(first));
  queue.drain();
  EXPECT_EQ(completions[1].token_ids.size(), 3U);
}

}  // namespace
}  // namespace midillama::generate
