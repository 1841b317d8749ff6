#include "midillama/chat/batch.h"

#include "midillama/core/atomic_file.h"
#include "midillama/core/json_text.h"
#include "midillama/core/replaceable.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace midillama::chat {
namespace fs = std::filesystem;
namespace {

fs::path numbered(const fs::path& file, std::size_t number) {
  if (number == 1) return file;
  return file.parent_path() / fmt::format("{}-{}{}", file.stem().string(), number, file.extension().string());
}

}  // namespace

std::optional<Answer> find_or_wait(const RequestLog& log, const Call& call, const std::string& model, Requests& waiting,
                                   std::int64_t tries) {
  const OrderedJson request = request_body(call, model);
  std::string key = key_of(request);
  auto answer = log.find(key);
  if (!answer && tries > 0 && log.count_unusable(key) >= tries) answer = log.find_failure(key);
  if (!answer) waiting.emplace(std::move(key), json_text(request));
  return answer;
}

std::vector<fs::path> write_batch(const Requests& requests, const fs::path& file, const BatchLimits& limits) {
  std::vector<fs::path> files;
  std::optional<AtomicFile> open;
  std::size_t lines = 0, bytes = 0;
  for (const auto& [key, body] : requests) {
    const std::string line =
        json_line({{"custom_id", key}, {"method", "POST"}, {"url", "/v1/chat/completions"}, {"body", OrderedJson::parse(body)}});
    if (open && (lines == limits.requests || bytes + line.size() > limits.bytes)) {
      open->commit();
      open.reset();
    }
    if (!open) {
      files.push_back(numbered(file, files.size() + 1));
      require_replaceable(files.back(), "batch of requests", R"({"custom_id":)");
      open.emplace(files.back());
      lines = bytes = 0;
    }
    open->write(line);
    ++lines;
    bytes += line.size();
  }
  if (open) open->commit();
  return files;
}

BatchReading read_batch(const fs::path& file, const Requests& requests, RequestLog& log) {
  BatchReading reading;
  for_each_json_line(file, [&](const Json& row, std::size_t number) {
    const std::string place = fmt::format("line {}", number);
    const auto key = json_get<std::string>(row, "custom_id", file.string(), place);
    const auto request = requests.find(key);
    if (request == requests.end() || log.has(key)) {
      ++reading.unknown;
      return;
    }
    const Json none, &response = row.contains("response") ? row["response"] : none;
    Exchange exchange{.request = OrderedJson::parse(request->second), .response = {}};
    if (response.is_object() && response.contains("body")) {
      exchange.status = json_get<int>(response, "status_code", file.string(), place);
      exchange.response = response["body"];
    } else if (row.contains("error")) {
      exchange.response = row["error"];
    } else {
      throw InputError(file.string(), place, "has neither a response with a body nor an error: is this the result of a batch?");
    }
    log.add(exchange);
    ++(log.has(key) ? reading.answered : reading.failed);
  });
  return reading;
}

}  // namespace midillama::chat
