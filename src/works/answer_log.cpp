#include "works/answer_log.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace midillama::works {

std::string utc_text(std::time_t time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

AnswerLog::AnswerLog(const std::filesystem::path& file)
    : lines_(file, [&](std::string_view line, std::size_t number, LineLog::Place place) {
        const std::string where = fmt::format("line {}", number);
        const Json row = parse_json(line, fmt::format("{}: {}", file.string(), where));
        for (const char* key : {"source", "question", "retrieved"}) json_get<std::string>(row, key, file.string(), where);
        json_get<Json>(row, "answer", file.string(), where);
        places_.emplace(json_get<std::string>(row, "key", file.string(), where), place);
      }) {}

Answered AnswerLog::get(const std::string& source, const std::string& question, const std::function<Json()>& ask) {
  const std::string key = fingerprint(source + "\n" + question);
  if (const auto found = places_.find(key); found != places_.end()) {
    ++known_;
    const Json row = parse_json(lines_.at(found->second), lines_.file().string());
    return {row.at("retrieved").get<std::string>(), row.at("answer")};
  }
  Json answer = ask();
  const std::string retrieved = utc_text(std::time(nullptr));
  const OrderedJson row = {
      {"key", key}, {"source", source}, {"question", question}, {"retrieved", retrieved}, {"answer", OrderedJson(answer)}};
  places_.emplace(key, lines_.add(json_text(row)));
  return {retrieved, std::move(answer)};
}

}  // namespace midillama::works
