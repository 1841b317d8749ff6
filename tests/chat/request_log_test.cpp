#include "midillama/chat/request_log.h"

#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::chat {
namespace {

using testing::HasSubstr;
using testing_support::error_of;

OrderedJson request(const std::string& text) {
  return request_body({.messages = {{"user", text}}}, "m");
}

Exchange exchange(const std::string& text, const std::string& answer, int status = 200) {
  const OrderedJson choice = {{"message", {{"content", answer}}}, {"finish_reason", "stop"}};
  return {.request = request(text), .response = {{"choices", {choice}}}, .status = status};
}

class ARequestLog : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder.path() / "made" / "requests.jsonl"; }
  TemporaryDirectory folder;
};

TEST_F(ARequestLog, FindsWhatWasAnsweredAlsoInTheNextRun) {
  {
    RequestLog log(file());
    EXPECT_FALSE(std::filesystem::exists(file()));
    log.add(exchange("a", "one"));
    log.add(exchange("b", "two\nlines \"quoted\" ♯"));
    log.add(exchange("c", "failed", 500));
    log.add(exchange("a", "another"));
    EXPECT_EQ(log.find(key_of(request("a")))->text, "one") << "the first stays";
  }
  RequestLog log(file());
  EXPECT_EQ(log.find(key_of(request("a")))->text, "one");
  EXPECT_EQ(log.find(key_of(request("b")))->text, "two\nlines \"quoted\" ♯");
  EXPECT_FALSE(log.has(key_of(request("c"))));
  EXPECT_EQ(log.find(key_of(request("d"))), std::nullopt);
}

TEST_F(ARequestLog, ALineThatWasCutGoesWhereverItWasCut) {
  {
    RequestLog log(file());
    log.add(exchange("a", "one"));
    log.add(exchange("b", "two"));
  }
  const std::string whole = read_binary(file());
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t size = first; size < whole.size(); size += 7) {
    std::ofstream(file(), std::ios::binary) << whole.substr(0, size);
    RequestLog log(file());
    EXPECT_TRUE(log.has(key_of(request("a"))));
    EXPECT_FALSE(log.has(key_of(request("b"))));
    log.add(exchange("b", "two"));
    EXPECT_EQ(log.find(key_of(request("b")))->text, "two");
    EXPECT_EQ(RequestLog(file()).find(key_of(request("b")))->text, "two") << size;
  }
}

TEST_F(ARequestLog, ALineThatIsNoneIsNamed) {
  RequestLog(file()).add(exchange("a", "one"));
  std::ofstream(file(), std::ios::app) << "{\"key\": 1}\n";
  EXPECT_THAT(error_of([&] { RequestLog log(file()); }),
              testing::AllOf(HasSubstr("requests.jsonl"), HasSubstr("line 2"), HasSubstr("\"request\"")));
  std::ofstream(file()) << "no JSON\n";
  EXPECT_THAT(error_of([&] { RequestLog log(file()); }), testing::AllOf(HasSubstr("line 1"), HasSubstr("not valid JSON")));
}

TEST_F(ARequestLog, TheNameOfARequestDoesNotDependOnTheOrderOfItsKeys) {
  const OrderedJson one = {{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "a"}}}}};
  const OrderedJson other = {{"messages", {{{"content", "a"}, {"role", "user"}}}}, {"model", "m"}};
  EXPECT_EQ(key_of(one), key_of(other));
  EXPECT_NE(key_of(one), key_of(request("a")));
  EXPECT_EQ(key_of(one).size(), 32u);
}

}  // namespace
}  // namespace midillama::chat
