// Asks a chat-completions server (OpenAI's API, vLLM, llama.cpp, `midillama serve`): each call once, whatever happens meanwhile.
//
// A call that was answered is taken from the log. Others are sent, and sent again where the server is busy, fails or gives what cannot be
// used; every try is in the log. Several threads may ask at once: no more than chat.max_parallel requests are on their way, and no more
// are begun a minute than chat.requests_per_minute and chat.tokens_per_minute allow.
#pragma once

#include "midillama/chat/call.h"
#include "midillama/chat/request_log.h"
#include "midillama/config/schema.h"
#include "midillama/core/random.h"
#include "midillama/net/http_client.h"
#include "midillama/net/pace.h"
#include "midillama/net/retry.h"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>

namespace midillama::chat {

// What was asked, and what it took.
struct Totals {
  std::int64_t calls = 0;     // answered by the server
  std::int64_t from_log = 0;  // answered before
  std::int64_t failed = 0;    // without an answer
  std::int64_t retries = 0;
  Usage usage = {};  // of all tries
};

// Dollars, by chat.price_per_million_…; 0 where the configuration has no prices.
double cost_of(const config::Chat& config, const Usage& usage);
// ", $1.20"; nothing where there are no prices.
std::string cost_text(double dollars);
// What calls took, as a line.
std::string totals_text(const Totals& totals, double dollars);

// Said where a signal comes while a model is asked.
inline constexpr const char* kStoppedCalls =
    "no further call is made, and the answers of those on their way are waited for; the same command goes on where this one stops";

// A server answers no call of this kind: a wrong key, an unknown model, a budget that is spent, or it is too busy for a long time. The
// whole work stops: each other call would fail alike. The message says that the same command goes on.
class ServerRefused : public Error {
 public:
  using Error::Error;
};

class Client {
 public:
  // Where `is_stopped` says so, no further request is sent; those on their way are waited for, since their answers are paid for. The key
  // comes from the environment variable chat.api_key_env. ConfigError where there is no endpoint or model, and `replay` is off.
  Client(const config::Chat& config, RequestLog& log, std::function<bool()> is_stopped = nullptr);

  // The answer, or why there is none: a call that fails however often it is sent (status 400 or 500, an answer that is too late, too long
  // or broken off) fails alone. Where ten have failed and none was ever answered, each of the others is sent once. With chat.replay only
  // from the log, failures too: InputError where the call is not there. ServerRefused, net::NoServer, net::Stopped.
  Answer ask(const Call& call);

  // ServerRefused where ten calls or more have failed and none was ever answered: for work that the others would be no use to.
  void require_an_answer() const;

  Totals totals() const;

 private:
  Answer send(const OrderedJson& request);
  // Until the server answers, which the log then has. False where it did not, however often it was asked.
  bool try_once(const OrderedJson& request);
  void note(const Answer& answer);
  bool is_hopeless() const;
  std::string hopeless() const;
  OrderedJson content_of(const net::HttpResponse& response) const;

  config::Chat config_;
  RequestLog& log_;
  std::function<bool()> is_stopped_;
  std::string key_;
  net::HttpClient http_;
  net::Pace requests_, tokens_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable freed_;
  std::int64_t running_ = 0;
  std::set<std::string> asked_;  // keys of the calls that run
  Random random_;
  Totals totals_;
  std::string last_problem_;
};

}  // namespace midillama::chat
