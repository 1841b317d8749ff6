#include "midillama/generate/queue.h"

#include "generate/tiny_model.h"
#include "midillama/core/error.h"
#include "midillama/generate/generator.h"
#include "model/tiny_models.h"

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

// To the last bit, whatever is beside a request, however long that is and whenever it joins and leaves.
TEST(Queue, WhatIsReadAloneIsTheSameInAnyCompany) {
  model::LlamaConfig config = model::tiny_llama_config();
  config.intermediate_size = 1100;  // sums of several parts
  config.max_position_embeddings = 512;
  model::MidiLlama model(model::tiny_llama(config), nullptr);
  std::vector<std::vector<double>> logprobs;  // of each request's tokens
  const auto request = [&](std::size_t which) {
    Request request;
    request.prompt.input_ids.resize(3 + 37 * (which % 7));
    for (std::size_t i = 0; i < request.prompt.input_ids.size(); ++i)
      request.prompt.input_ids[i] = static_cast<std::int64_t>((which % 20 + i * i) % static_cast<std::size_t>(config.vocab_size));
    request.sampling = {.max_new_tokens = 5 + static_cast<std::int64_t>(which % 11), .temperature = 2, .seed = 3, .stream = which};
    request.likeliest = 1;
    request.reads_alone = which % 6 != 5;  // others are read together beside it
    request.on_token = [&logprobs, which](const NewToken& token) { return logprobs[which].push_back(token.logprob), true; };
    return request;
  };
  constexpr std::size_t kRequests = 60;
  const auto answered = [&](std::int64_t batch_size, int every) {
    logprobs.assign(kRequests, {});
    Queue queue(model, {.batch_size = batch_size});
    for (std::size_t i = 0; i < kRequests; ++i) {
      queue.add(request(i));
      for (int step = 0; step < every; ++step) queue.step();
    }
    queue.drain();
    return logprobs;
  };
  const auto alone = answered(1, 0);
  for (const int every : {0, 1, 2})
    for (const std::int64_t batch_size : {2, 9, 48}) {
      const auto together = answered(batch_size, every);
      for (std::size_t which = 0; which < kRequests; ++which) {
        if (which % 6 == 5) continue;
        EXPECT_EQ(together[which], alone[which]) << batch_size << " rows, one every " << every;
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

// Only even ids, and a stop id where two tokens are left.
struct EvenIds final : TokenFilter {
  EvenIds(std::int64_t vocabulary, std::int64_t stop_id, std::vector<std::int64_t>& remaining, std::vector<std::int64_t>& accepted)
      : even(static_cast<std::size_t>(vocabulary + 63) / 64, 0x5555555555555555),
        stop(even.size(), 0),
        remaining(remaining),
        accepted(accepted) {
    stop[static_cast<std::size_t>(stop_id) / 64] = std::uint64_t{1} << (stop_id % 64);
  }
  std::span<const std::uint64_t> allowed(std::int64_t left) override {
    remaining.push_back(left);
    return left == 2 ? stop : even;
  }
  void accept(std::int64_t id) override { accepted.push_back(id); }

  std::vector<std::uint64_t> even, stop;
  std::vector<std::int64_t>&remaining, &accepted;
};

TEST_F(QueueTest, AFilterSaysWhatTheNextTokenMayBe) {
  const std::int64_t vocabulary = tiny.model->llama->config.vocab_size, stop_id = 3;
  for (const double temperature : {0.0, 1.5}) {
    std::vector<std::int64_t> remaining, accepted, free;
    Queue queue(tiny.model, {});
    Request filtered = request(0, {.max_new_tokens = 12, .temperature = temperature, .stop_ids = {stop_id}});
    filtered.filter = std::make_unique<EvenIds>(vocabulary, stop_id, remaining, accepted);
    const std::size_t with = queue.add(std::move(filtered));
    const std::size_t without = queue.add(request(0, {.max_new_tokens = 12, .temperature = temperature}));
    queue.drain();
    EXPECT_EQ(completions[with].finish, Finish::stop);
    EXPECT_EQ(completions[with].token_ids.size(), 10u);
    EXPECT_EQ(completions[with].token_ids, accepted);
    for (const auto id : accepted) EXPECT_EQ(id % 2, 0);
    EXPECT_EQ(remaining, (std::vector<std::int64_t>{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2}));
    EXPECT_EQ(completions[without].token_ids, alone(0, {.max_new_tokens = 12, .temperature = temperature}))
        << "the others know nothing of it";
  }
}

TEST_F(QueueTest, WhatARequestsOwnPartsThrowEndsThatRequestAlone) {
  struct Breaks final : TokenFilter {
    Breaks(std::size_t words, bool in_accept) : all(words, ~std::uint64_t{0}), in_accept(in_accept) {}
    std::span<const std::uint64_t> allowed(std::int64_t remaining) override {
      if (!in_accept && remaining == 3) throw Error("the filter broke");
      return all;
    }
    void accept(std::int64_t) override {
      if (in_accept && ++accepted == 3) throw Error("the filter broke");
    }
    std::vector<std::uint64_t> all;
    bool in_accept;
    int accepted = 0;
  };
  const Sampling sampling{.max_new_tokens = 6};
  const auto expected = alone(1, sampling);
  const auto words = static_cast<std::size_t>(tiny.model->llama->config.vocab_size + 63) / 64;
  for (const bool fixed_shapes : {false, true}) {
    completions.clear();
    Queue queue(tiny.model, {.fixed_shapes = fixed_shapes});
    std::vector<std::size_t> broken;
    for (const bool in_accept : {false, true}) {
      Request filtered = request(0, sampling);
      filtered.filter = std::make_unique<Breaks>(words, in_accept);
      broken.push_back(queue.add(std::move(filtered)));
    }
    Request told = request(0, sampling);
    told.on_token = [count = 0](const NewToken&) mutable {
      if (++count == 3) throw Error("the callback broke");
      return true;
    };
    broken.push_back(queue.add(std::move(told)));
    const std::size_t other = queue.add(request(1, sampling));
    queue.drain();
    for (const std::size_t number : broken) {
      EXPECT_EQ(completions[number].finish, Finish::failed);
      EXPECT_EQ(completions[number].token_ids.size(), 3u);
      EXPECT_THROW(std::rethrow_exception(completions[number].failure), Error);
    }
    EXPECT_EQ(completions[other].token_ids, expected);
    EXPECT_EQ(completions[other].failure, nullptr);
  }
}

TEST_F(QueueTest, LogProbabilitiesAreTheModelsOwn) {
  const torch::NoGradGuard no_grad;
  std::vector<std::vector<TokenLogprob>> likeliest;
  std::vector<double> logprobs;
  Request asked = request(0, {.max_new_tokens = 6, .temperature = 3.0, .seed = 4});
  asked.likeliest = 4;
  asked.on_token = [&](const NewToken& token) {
    likeliest.emplace_back(token.likeliest.begin(), token.likeliest.end());
    logprobs.push_back(token.logprob);
    return true;
  };
  Queue queue(tiny.model, {});
  const std::size_t number = queue.add(std::move(asked));
  queue.add(request(1, {.max_new_tokens = 6}));
  queue.drain();
  const auto& ids = completions[number].token_ids;
  model::MusicText whole = tiny.cases[0].prompt;
  const auto prompt_length = static_cast<std::int64_t>(whole.input_ids.size()) + tiny.model->music_tokens(whole);
  whole.input_ids.insert(whole.input_ids.end(), ids.begin(), ids.end());
  const auto embeddings = tiny.model->splice(std::span(&whole, 1))[0].unsqueeze(0);
  model::AttentionContext context;
  context.positions = torch::arange(embeddings.size(1)).unsqueeze(0);
  const auto expected = tiny.model->llama->logits(tiny.model->llama->forward(embeddings, context))[0].to(torch::kFloat64).log_softmax(-1);
  ASSERT_EQ(logprobs.size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto row = expected[prompt_length - 1 + static_cast<std::int64_t>(i)];
    EXPECT_NEAR(logprobs[i], row[ids[i]].item<double>(), 1e-4);
    const auto [values, best] = row.topk(4);
    ASSERT_EQ(likeliest[i].size(), 4u);
    for (std::int64_t k = 0; k < 4; ++k) {
      EXPECT_EQ(likeliest[i][static_cast<std::size_t>(k)].id, best[k].item<std::int64_t>());
      EXPECT_NEAR(likeliest[i][static_cast<std::size_t>(k)].logprob, values[k].item<double>(), 1e-4);
    }
  }
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
