#include "midillama/parallel/process_group.h"

#include "midillama/core/error.h"
#include "parallel/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

namespace midillama::parallel {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::ChildProcess;
using testing_support::free_port;
using testing_support::rank_environment;

// Sets variables of the environment for its life.
class Variables {
 public:
  explicit Variables(const std::map<std::string, std::string>& values) : values_(values) {
    for (const auto& [name, value] : values_) ::setenv(name.c_str(), value.c_str(), 1);
  }
  ~Variables() {
    for (const auto& [name, value] : values_) ::unsetenv(name.c_str());
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string usage_error(std::map<std::string, std::string> changes) {
  auto values = rank_environment(0, 2, 29500);
  for (const auto& [name, value] : changes) values[name] = value;
  const Variables variables(values);
  try {
    ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(1));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ProcessGroup, WithoutLauncherThereIsOneRankThatNeverWaits) {
  const auto group = ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(1));
  EXPECT_EQ(group->size(), 1);
  EXPECT_TRUE(group->is_main());
  const auto tensor = torch::ones({3});
  group->all_reduce_sum(tensor);
  group->broadcast(tensor, 0);
  group->barrier();
  EXPECT_TRUE(tensor.equal(torch::ones({3})));
  EXPECT_THAT(group->all_gather("a"), ElementsAre("a"));
  const auto gathered = torch::empty({3});
  group->start_all_gather(tensor, gathered)->wait();
  EXPECT_TRUE(gathered.equal(tensor));
  EXPECT_EQ(local_rank(), 0);
  EXPECT_EQ(local_size(), 1);
}

TEST(ProcessGroup, MistakesOfTheLauncherAreNamed) {
  EXPECT_THAT(usage_error({{"RANK", ""}}), HasSubstr("RANK"));
  EXPECT_THAT(usage_error({{"RANK", "2"}}), AllOf(HasSubstr("RANK"), HasSubstr("from 0 to 1")));
  EXPECT_THAT(usage_error({{"WORLD_SIZE", "two"}}), AllOf(HasSubstr("WORLD_SIZE"), HasSubstr("\"two\"")));
  EXPECT_THAT(usage_error({{"MASTER_ADDR", ""}}), HasSubstr("MASTER_ADDR"));
  EXPECT_THAT(usage_error({{"MASTER_PORT", "99999"}}), HasSubstr("MASTER_PORT"));
}

TEST(ProcessGroup, AnUnknownDeviceIsAUsageError) {
  EXPECT_EQ(choose_device("cpu"), torch::kCPU);
  EXPECT_THROW(choose_device("gpu"), UsageError);
}

// What a rank of the tests below does, by name.
void play(const std::string& role, ProcessGroup& group) {
  const bool second = group.rank() == 1;
  auto ones = torch::ones({5});
  group.all_reduce_sum(ones);
  if (role == "works") {
    ASSERT_TRUE(ones.equal(torch::full({5}, group.size())));
    auto counts = torch::tensor({group.rank(), 1}, torch::kInt64);
    group.all_reduce_sum(counts);
    ASSERT_TRUE(counts.equal(torch::tensor({group.size() * (group.size() - 1) / 2, group.size()}, torch::kInt64)));
    auto value = torch::full({2, 2}, group.rank(), torch::kFloat64);
    group.broadcast(value, 2);
    ASSERT_TRUE(value.equal(torch::full({2, 2}, 2, torch::kFloat64)));
    const auto gathered = torch::empty({3 * group.size()});
    std::vector<torch::Tensor> sums;
    std::vector<std::unique_ptr<Pending>> under_way;  // several at a time, of different sizes
    for (int i = 0; i < 8; ++i) sums.push_back(torch::full({1 << i}, 1.0 * group.rank() + i));
    for (const auto& sum : sums) under_way.push_back(group.start_all_reduce_sum(sum));
    under_way.push_back(group.start_all_gather(torch::full({3}, 1.0 * group.rank()), gathered));
    for (const auto& pending : under_way) pending->wait();
    for (int i = 0; i < 8; ++i) ASSERT_TRUE(sums[static_cast<std::size_t>(i)].equal(torch::full({1 << i}, 3.0 + 3 * i)));
    ASSERT_TRUE(gathered.equal(torch::tensor({0., 0., 0., 1., 1., 1., 2., 2., 2.})));
    for (int round = 0; round < 3; ++round) {
      const auto tag = std::to_string(round);
      ASSERT_THAT(group.all_gather(group.rank() == 0 ? "" : std::string(static_cast<std::size_t>(group.rank()), 'x') + tag),
                  ElementsAre("", "x" + tag, "xx" + tag));
    }
    return;
  }
  if (role == "works long") {
    if (second) std::this_thread::sleep_for(std::chrono::seconds(4));  // longer than the timeout
    group.barrier();
    return;
  }
  if (role == "second dies" && second) ::raise(SIGKILL);
  if (role == "first dies" && group.is_main()) ::raise(SIGKILL);
  if (role == "second stops" && second) ::raise(SIGSTOP);
  if (role.starts_with("first stops") && group.is_main()) ::raise(SIGSTOP);
  if (role == "first stops before a barrier") group.barrier();
  if (role == "second sleeps" && second) std::this_thread::sleep_for(std::chrono::seconds(60));
  if (role == "second fails" && second) throw Error("its data are bad");
  if (role == "second dies while others wait") {
    if (second) ::raise(SIGKILL);
    const auto first = group.start_all_reduce_sum(torch::ones({1000})), next = group.start_all_reduce_sum(torch::ones({7}));
    first->wait();
    next->wait();
  }
  if (role == "second dies in barrier") {
    if (second) ::raise(SIGKILL);
    group.barrier();
  }
  group.all_reduce_sum(ones);
}

// One rank of the tests below, in a process of its own.
TEST(Rank, DISABLED_Plays) {
  try {
    const auto group = ProcessGroup::from_environment(torch::kCPU, std::chrono::seconds(2));
    play(std::getenv("MIDILLAMA_TEST_ROLE"), *group);
  } catch (const Error& error) {
    std::cout << "error: " << error.what() << std::endl;
    std::_Exit(3);
  }
}

struct Ended {
  int status;
  std::string error;  // the message of an Error, with the rest of the line
};

class DistributedRanks : public testing::Test {
 protected:
  // Starts the ranks of `started`, of `size`, waits for those in `awaited`, and kills the rest.
  std::map<int, Ended> run(const std::string& role, int size, std::vector<int> started, std::vector<int> awaited) {
    const int port = free_port();
    std::map<int, std::unique_ptr<ChildProcess>> ranks;
    for (const int rank : started) {
      auto environment = rank_environment(rank, size, port);
      environment["MIDILLAMA_TEST_ROLE"] = role;
      ranks[rank] = std::make_unique<ChildProcess>("Rank.DISABLED_Plays", environment, directory_.path() / std::to_string(rank));
    }
    std::map<int, Ended> ended;
    for (const int rank : awaited) {
      const int status = ranks[rank]->wait();
      const std::string output = ranks[rank]->output();
      const auto error = output.find("error: ");
      ended[rank] = {status, error == std::string::npos ? output : output.substr(error)};
    }
    return ended;
  }

  TemporaryDirectory directory_;
};

TEST_F(DistributedRanks, SumSendAndGather) {
  for (const auto& [rank, ended] : run("works", 3, {0, 1, 2}, {0, 1, 2}))
    EXPECT_EQ(ended.status, 0) << "rank " << rank << ": " << ended.error;
}

TEST_F(DistributedRanks, ABarrierWaitsForALivingRankBeyondTheTimeout) {
  for (const auto& [rank, ended] : run("works long", 2, {0, 1}, {0, 1}))
    EXPECT_EQ(ended.status, 0) << "rank " << rank << ": " << ended.error;
}

TEST_F(DistributedRanks, ADeadRankIsNamed) {
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [rank, ended] : run("second dies", 3, {0, 1, 2}, {0, 2})) {
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.error, HasSubstr("rank 1 is gone"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST_F(DistributedRanks, ADeadRankIsNamedWhileOperationsAreUnderWay) {
  for (const auto& [rank, ended] : run("second dies while others wait", 3, {0, 1, 2}, {0, 2})) {
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.error, HasSubstr("rank 1 is gone"));
  }
}

TEST_F(DistributedRanks, ADeadRankIsNamedInABarrier) {
  for (const auto& [rank, ended] : run("second dies in barrier", 3, {0, 1, 2}, {0, 2})) {
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.error, HasSubstr("rank 1 is gone"));
  }
}

TEST_F(DistributedRanks, TheRankThatKeepsTheStoreIsNamedToo) {
  for (const auto& [rank, ended] : run("first dies", 3, {0, 1, 2}, {1, 2})) {
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.error, AllOf(HasSubstr("rank 0"), HasSubstr("is gone")));
  }
}

TEST_F(DistributedRanks, AStoppedRankIsNamed) {
  const auto ended = run("second stops", 2, {0, 1}, {0});
  EXPECT_THAT(ended.at(0).error, HasSubstr("rank 1 is gone"));
}

// It keeps the store, which then answers nobody.
TEST_F(DistributedRanks, AFrozenFirstRankIsNamedWhateverTheOthersWaitFor) {
  for (const char* role : {"first stops", "first stops before a barrier"}) {
    const auto start = std::chrono::steady_clock::now();
    for (const auto& [rank, ended] : run(role, 3, {0, 1, 2}, {1, 2})) {
      EXPECT_EQ(ended.status, 3) << role;
      EXPECT_THAT(ended.error, AllOf(HasSubstr("rank 0"), HasSubstr("did not answer"))) << role;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60)) << role;
  }
}

TEST_F(DistributedRanks, ARankThatDoesNotComeIsNamed) {
  const auto ended = run("second sleeps", 2, {0, 1}, {0});
  EXPECT_THAT(ended.at(0).error, AllOf(HasSubstr("longer than 2 s"), HasSubstr("rank 1 did not come")));
}

TEST_F(DistributedRanks, ARankThatEndsWithAnErrorIsNamed) {
  const auto ended = run("second fails", 2, {0, 1}, {0, 1});
  EXPECT_THAT(ended.at(0).error, HasSubstr("rank 1 ended with an error"));
  EXPECT_THAT(ended.at(1).error, HasSubstr("its data are bad"));
}

TEST_F(DistributedRanks, ARankThatDoesNotStartIsNamed) {
  for (const auto& [rank, ended] : run("works", 3, {0, 2}, {0, 2})) EXPECT_THAT(ended.error, HasSubstr("rank 1 did not start within 2 s"));
  const auto ended = run("works", 2, {1}, {1});
  EXPECT_THAT(ended.at(1).error, HasSubstr("cannot reach rank 0"));
}

}  // namespace
}  // namespace midillama::parallel
