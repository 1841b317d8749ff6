#include "midillama/chat/batch.h"

#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::chat {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

Requests requests(int count) {
  Requests all;
  for (int i = 0; i < count; ++i) {
    OrderedJson body = request_body({.messages = {{"user", std::to_string(i)}}}, "m");
    std::string key = key_of(body);
    all.emplace(std::move(key), body.dump());
  }
  return all;
}

std::size_t lines_of(const std::filesystem::path& file) {
  std::size_t lines = 0;
  for_each_json_line(file, [&](const Json&, std::size_t) { ++lines; });
  return lines;
}

TEST(Batch, IsCutIntoFilesThatServersTake) {
  TemporaryDirectory folder;
  const auto files = write_batch(requests(5), folder.path() / "b.jsonl", {.requests = 2});
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[1].filename(), "b-2.jsonl");
  EXPECT_EQ(lines_of(files[0]) + lines_of(files[1]) + lines_of(files[2]), 5u);
  const auto size = std::filesystem::file_size(files[2]);
  EXPECT_EQ(write_batch(requests(5), folder.path() / "c.jsonl", {.bytes = 2 * size + 10}).size(), 3u);
  EXPECT_TRUE(write_batch({}, folder.path() / "d.jsonl").empty());
}

// Results, say, which may have cost money.
TEST(Batch, AnotherFileIsNotReplaced) {
  TemporaryDirectory folder;
  const auto file = folder.path() / "results.jsonl";
  const std::string results = "{\"id\":\"1\",\"custom_id\":\"x\",\"response\":{}}\n";
  write_atomically(file, results);
  EXPECT_THAT(error_of([&] { write_batch(requests(1), file); }), HasSubstr("results.jsonl: is there already and is no batch of requests"));
  EXPECT_EQ(read_text(file), results);
  EXPECT_EQ(write_batch(requests(1), folder.path() / "b.jsonl"), write_batch(requests(2), folder.path() / "b.jsonl"));
}

TEST(Batch, ResultsComeInAnyOrderErrorsAmongThem) {
  TemporaryDirectory folder;
  const Requests all = requests(3);
  std::vector<std::string> keys;
  for (const auto& [key, body] : all) keys.push_back(key);
  const Json good = {{"choices", {{{"message", {{"content", "yes"}}}, {"finish_reason", "stop"}}}}};
  const auto file = folder.path() / "results.jsonl";
  std::ofstream(file)
      << Json({{"id", "r1"}, {"custom_id", keys[2]}, {"response", {{"status_code", 200}, {"body", good}}}, {"error", nullptr}}) << '\n'
      << Json({{"custom_id", keys[0]}, {"response", nullptr}, {"error", {{"code", "expired"}}}}) << '\n'
      << Json({{"custom_id", keys[1]}, {"response", {{"status_code", 429}, {"body", Json::object()}}}}) << '\n'
      << Json({{"custom_id", "other"}, {"response", {{"status_code", 200}, {"body", good}}}}) << '\n'
      << Json({{"custom_id", keys[2]}, {"response", {{"status_code", 200}, {"body", good}}}}) << '\n';
  RequestLog log(folder.path() / "requests.jsonl");
  const BatchReading reading = read_batch(file, all, log);
  EXPECT_EQ(reading.answered, 1u);
  EXPECT_EQ(reading.failed, 2u);
  EXPECT_EQ(reading.unknown, 2u);
  EXPECT_EQ(log.find(keys[2])->text, "yes");
  EXPECT_FALSE(log.has(keys[0]));
}

TEST(Batch, WhatIsNoResultIsNamed) {
  TemporaryDirectory folder;
  const Requests all = requests(1);
  const auto file = folder.path() / "results.jsonl";
  RequestLog log(folder.path() / "requests.jsonl");
  std::ofstream(file) << Json({{"custom_id", all.begin()->first}}) << '\n';
  EXPECT_THAT(error_of([&] { read_batch(file, all, log); }),
              testing::AllOf(HasSubstr("results.jsonl: line 1"), HasSubstr("result of a batch")));
  std::ofstream(file) << "{}\n";
  EXPECT_THAT(error_of([&] { read_batch(file, all, log); }), HasSubstr("custom_id"));
}

}  // namespace
}  // namespace midillama::chat
