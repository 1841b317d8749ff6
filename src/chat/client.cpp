#include "midillama/chat/client.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"
#include "midillama/core/log.h"
#include "midillama/core/numbers.h"
#include "midillama/core/replace_all.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>

namespace midillama::chat {
namespace {

constexpr std::uint64_t kJitter = 1;    // seeds when to try again, which no result depends on
constexpr std::int64_t kHopeless = 10;  // calls that failed, where none was ever answered: the others are sent once each

// Without the line end that files of keys have.
std::string key_from_environment(const std::string& variable) {
  const char* value = variable.empty() ? nullptr : std::getenv(variable.c_str());
  const std::string key(text::strip(value == nullptr ? "" : value));
  const bool is_plain = std::ranges::all_of(key, [](char letter) { return letter > ' ' && letter <= '~'; });
  if (!is_plain)
    throw InputError(variable, "", "the environment variable holds no key: spaces, line ends and letters beyond ASCII are in none");
  return key;
}

std::string without_slash_at_its_end(std::string address) {
  while (address.ends_with('/')) address.pop_back();
  return address;
}

void require_server(const config::Chat& config) {
  std::vector<std::string> mistakes;
  if (config.endpoint.empty())
    mistakes.push_back("chat.endpoint — must be set: the address of an OpenAI-compatible server, up to and with /v1");
  if (config.model.empty()) mistakes.push_back("chat.model — must be set: the name of a model that chat.endpoint serves");
  if (!mistakes.empty()) throw ConfigError(mistakes);
  net::server_of(config.endpoint);
}

OrderedJson json_or_text(const std::string& body) {
  try {
    return parse_ordered_json(body, "the response");
  } catch (const InputError&) {
    std::string valid;
    return std::string(text::valid_utf8(body, valid));
  }
}

// Servers show the key that they were sent, in errors above all.
void hide(const std::string& key, OrderedJson& content) {
  if (key.empty()) return;
  if (content.is_string()) {
    replace_all(content.get_ref<std::string&>(), key, "(the key)");
  } else if (content.is_structured()) {
    for (OrderedJson& part : content) hide(key, part);
  }
}

std::string code_of(const OrderedJson& content) {
  const bool has_code =
      content.is_object() && content.contains("error") && content["error"].is_object() && content["error"].contains("code");
  return has_code && content["error"]["code"].is_string() ? content["error"]["code"].get<std::string>() : "";
}

// Somewhere else, if at all: what is posted is not sent on to another address.
bool is_wrong_address(int status) {
  return (status >= 300 && status < 400) || status == 404 || status == 405;
}

bool is_refused_for_good(int status, const OrderedJson& content) {
  const std::string code = code_of(content);
  return is_wrong_address(status) || status == 401 || status == 403 || code == "insufficient_quota" || code == "model_not_found";
}

// Too busy for any call, whichever it is.
bool is_busy(int status) {
  return status == 429 || status == 503;
}

std::string go_on(const std::string& what, const RequestLog& log) {
  return fmt::format("{}\nthe answers so far are in {}: the same command goes on from there", what, log.file().string());
}

}  // namespace

double cost_of(const config::Chat& config, const Usage& usage) {
  return (static_cast<double>(usage.prompt_tokens) * config.price_per_million_prompt_tokens +
          static_cast<double>(usage.completion_tokens) * config.price_per_million_completion_tokens) /
         1e6;
}

std::string cost_text(double dollars) {
  return dollars > 0 ? fmt::format(", ${:.2f}", dollars) : "";
}

std::string totals_text(const Totals& totals, double dollars) {
  return fmt::format("{} calls answered, {} from the log, {} failed, {} sent again; {} + {} tokens{}", totals.calls, totals.from_log,
                     totals.failed, totals.retries, with_commas(totals.usage.prompt_tokens), with_commas(totals.usage.completion_tokens),
                     cost_text(dollars));
}

Client::Client(const config::Chat& config, RequestLog& log, std::function<bool()> is_stopped)
    : config_(config),
      log_(log),
      is_stopped_(std::move(is_stopped)),
      key_(key_from_environment(config.api_key_env)),
      http_({.user_agent = "midillama", .limit = std::chrono::milliseconds(static_cast<std::int64_t>(1000 * config.timeout))}),
      requests_(static_cast<double>(config.requests_per_minute), 60),
      tokens_(static_cast<double>(config.tokens_per_minute), 60),
      random_(kJitter) {
  if (!config_.replay) require_server(config_);
}

Totals Client::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

Answer Client::ask(const Call& call) {
  const OrderedJson request = request_body(call, config_.model);
  const std::string key = key_of(request);
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return !asked_.contains(key) && (running_ < config_.max_parallel || log_.has(key)); });
    if (auto answer = log_.find(key)) return ++totals_.from_log, std::move(*answer);
    if (config_.replay) {
      if (auto failure = log_.find_failure(key)) return ++totals_.failed, std::move(*failure);
      throw InputError(log_.file().string(), fmt::format("key {}", key),
                       "this call was never made, and chat.replay makes no new ones: was the configuration changed?");
    }
    asked_.insert(key);
    ++running_;
  }
  const auto end = [&] {
    const std::lock_guard lock(mutex_);
    asked_.erase(key);
    --running_;
    freed_.notify_all();
  };
  try {
    Answer answer = send(request);
    end();
    return answer;
  } catch (...) {
    end();
    throw;
  }
}

Answer Client::send(const OrderedJson& request) {
  log_.require_room();
  const std::string key = key_of(request);
  try {
    const std::int64_t tries = is_hopeless() ? 1 : config_.tries_for_an_answer;
    for (std::int64_t i = 0; i < tries; ++i) {
      if (!try_once(request) || log_.has(key)) break;
    }
  } catch (const ServerRefused& refused) {
    throw ServerRefused(go_on(refused.what(), log_));
  } catch (const net::NoServer& none) {
    throw net::NoServer(go_on(none.what(), log_));
  }
  std::optional<Answer> answer = log_.find(key);
  if (!answer) answer = log_.find_failure(key);
  note(*answer);
  return *std::move(answer);
}

void Client::note(const Answer& answer) {
  {
    const std::lock_guard lock(mutex_);
    ++(answer.is_usable() ? totals_.calls : totals_.failed);
    if (answer.is_usable()) return;
    last_problem_ = answer.problem;
    if (totals_.failed != kHopeless) return;
  }
  if (is_hopeless()) log::warning("{}: each of the others is sent once until one is", hopeless());
}

bool Client::is_hopeless() const {
  const std::lock_guard lock(mutex_);
  return !config_.replay && totals_.failed >= kHopeless && totals_.calls + totals_.from_log == 0;
}

std::string Client::hopeless() const {
  const std::lock_guard lock(mutex_);
  return fmt::format("{}: not one of {} calls was answered, the last for: {}", net::server_of(config_.endpoint), totals_.failed,
                     last_problem_);
}

void Client::require_an_answer() const {
  if (is_hopeless()) throw ServerRefused(go_on(hopeless(), log_));
}

// What came, as the log keeps it.
OrderedJson Client::content_of(const net::HttpResponse& response) const {
  OrderedJson content = json_or_text(response.body);
  hide(key_, content);
  return content;
}

bool Client::try_once(const OrderedJson& request) {
  const Usage most = usage_at_most(request);
  // Every try counts on the account, also one that is refused.
  const auto wait = [&](double seconds) {
    net::wait_or_stop(seconds, is_stopped_);
    const double booked = std::max(requests_.book(1), tokens_.book(static_cast<double>(most.prompt_tokens + most.completion_tokens)));
    net::wait_or_stop(booked, is_stopped_);
  };
  wait(0);

  using Clock = std::chrono::steady_clock;
  auto start = Clock::now();
  const auto keep = [&](int status, const OrderedJson& content) {
    log_.add({request, content, status, std::chrono::duration<double>(Clock::now() - start).count()});
    const Usage usage = usage_of(content);
    const std::lock_guard lock(mutex_);
    totals_.usage.prompt_tokens += usage.prompt_tokens;
    totals_.usage.completion_tokens += usage.completion_tokens;
  };
  Random random(0);
  {
    const std::lock_guard lock(mutex_);
    random.set_state(random_.next());
  }
  const net::RetryHooks hooks{
      .is_refused =
          [&](const net::HttpResponse& response) {
            return net::may_help_again(response) && !is_refused_for_good(response.status, content_of(response));
          },
      .before_wait =
          [&](const net::Try& failed, double seconds) {
            const OrderedJson content = failed.response ? content_of(*failed.response) : OrderedJson(failed.reason);
            keep(failed.response ? failed.response->status : 0, content);
            const std::string why =
                failed.response ? fmt::format("status {}: {}", failed.response->status, error_text(content)) : failed.reason;
            log::debug("try {}: {}; again in {:.1f} s", failed.number, why, seconds);
            const std::lock_guard lock(mutex_);
            ++totals_.retries;
          },
      .wait =
          [&](double seconds) {
            wait(seconds);
            start = Clock::now();
          },
  };
  net::HttpRequest post{.url = without_slash_at_its_end(config_.endpoint) + "/chat/completions", .body = json_text(request)};
  if (!key_.empty()) post.headers.emplace_back("Authorization", "Bearer " + key_);
  const net::RetryPolicy policy{.tries = is_hopeless() ? 1 : static_cast<std::size_t>(config_.tries)};
  net::HttpResponse response;
  try {
    response = net::send_again(http_, post, policy, hooks, random);
  } catch (const net::NoServer&) {
    throw;
  } catch (const net::NoAnswer& none) {
    keep(0, none.what());
    return false;
  }
  const OrderedJson content = content_of(response);
  keep(response.status, content);
  if (response.status == 200) return true;
  const std::string why = fmt::format("{}: status {}: {}{}", net::server_of(config_.endpoint), response.status, error_text(content),
                                      is_wrong_address(response.status) ? ": is chat.endpoint its address up to and with /v1?" : "");
  if (is_refused_for_good(response.status, content) || is_busy(response.status)) throw ServerRefused(why);
  return !net::may_help_again(response);
}

}  // namespace midillama::chat
