#include "midillama/chat/request_log.h"

#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace midillama::chat {
namespace {

OrderedJson row_of(const Exchange& exchange) {
  const Usage usage = usage_of(exchange.response);
  return {{"key", key_of(exchange.request)},
          {"model", exchange.request.value("model", "")},
          {"request", exchange.request},
          {"response", exchange.response},
          {"status", exchange.status},
          {"seconds", exchange.seconds},
          {"usage", {{"prompt_tokens", usage.prompt_tokens}, {"completion_tokens", usage.completion_tokens}}}};
}

Answer answer_in(const OrderedJson& row) {
  return answer_of(row.at("request"), row.at("status").get<int>(), row.at("response"));
}

}  // namespace

RequestLog::RequestLog(const std::filesystem::path& file)
    : lines_(file, [&](std::string_view line, std::size_t number, LineLog::Place place) { read(line, number, place, file.string()); }) {}

void RequestLog::read(std::string_view line, std::size_t number, LineLog::Place place, const std::string& file) {
  const std::string where = fmt::format("line {}", number);
  const OrderedJson row = parse_ordered_json(line, fmt::format("{}: {}", file, where));
  for (const char* key : {"key", "request", "response", "status"}) {
    if (!row.is_object() || !row.contains(key)) throw InputError(file, where, fmt::format("the key \"{}\" is missing", key));
  }
  if (!row["key"].is_string()) throw InputError(file, where, "the key \"key\" is no text");
  if (!row["status"].is_number_integer()) throw InputError(file, where, "the key \"status\" is no whole number");
  note(row, place);
}

void RequestLog::note(const OrderedJson& row, LineLog::Place place) {
  const auto key = row.at("key").get<std::string>();
  if (answer_in(row).is_usable()) {
    usable_.emplace(key, place);
  } else {
    failed_[key].push_back({place, row.at("status").get<int>() == 200});
  }
}

bool RequestLog::has(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return usable_.contains(key);
}

Answer RequestLog::answer_at(LineLog::Place place) const {
  return answer_in(parse_ordered_json(lines_.at(place), file().string()));
}

std::vector<std::string> RequestLog::problems_of(const std::vector<Failure>& failures) const {
  std::vector<std::string> problems;
  for (const Failure& failure : failures) {
    if (failure.is_answered) problems.push_back(answer_at(failure.place).problem);
  }
  return problems;
}

std::optional<Answer> RequestLog::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = usable_.find(key);
  if (found == usable_.end()) return std::nullopt;
  Answer answer = answer_at(found->second);
  if (const auto failed = failed_.find(key); failed != failed_.end()) answer.before = problems_of(failed->second);
  return answer;
}

std::optional<Answer> RequestLog::find_failure(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = failed_.find(key);
  if (found == failed_.end()) return std::nullopt;
  std::vector<Failure> before = found->second;
  Answer last = answer_at(before.back().place);
  before.pop_back();
  last.before = problems_of(before);
  return last;
}

std::int64_t RequestLog::count_unusable(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = failed_.find(key);
  return found == failed_.end() ? 0 : std::ranges::count(found->second, true, &Failure::is_answered);
}

void RequestLog::require_room() {
  constexpr std::size_t kLongCalls = std::size_t{1} << 20;  // bytes, of some calls and what comes back
  const std::lock_guard lock(mutex_);
  lines_.require_room(kLongCalls);
}

void RequestLog::add(const Exchange& exchange) {
  const OrderedJson row = row_of(exchange);
  const std::string line = json_text(row);
  const std::lock_guard lock(mutex_);
  note(row, lines_.add(line));
}

}  // namespace midillama::chat
