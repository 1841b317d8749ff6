#include "midillama/chat/call.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_reader.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

namespace midillama::chat {
namespace {

// The value at the end of a path of keys and places; nothing where there is none.
const OrderedJson* at(const OrderedJson& json, const std::vector<OrderedJson>& path) {
  const OrderedJson* here = &json;
  for (const OrderedJson& step : path) {
    if (step.is_string()) {
      if (!here->is_object()) return nullptr;
      const auto found = here->find(step.get_ref<const std::string&>());
      if (found == here->end()) return nullptr;
      here = &*found;
    } else {
      if (!here->is_array() || here->size() <= step.get<std::size_t>()) return nullptr;
      here = &(*here)[step.get<std::size_t>()];
    }
  }
  return here;
}

std::string text_at(const OrderedJson& json, const std::vector<OrderedJson>& path) {
  const OrderedJson* found = at(json, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t count_at(const OrderedJson& json, const std::vector<OrderedJson>& path) {
  const OrderedJson* found = at(json, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace

OrderedJson request_body(const Call& call, const std::string& model) {
  OrderedJson messages = OrderedJson::array();
  for (const Message& message : call.messages) messages.push_back({{"role", message.role}, {"content", message.content}});
  OrderedJson body = {{"model", model}, {"messages", messages}, {"temperature", call.temperature}, {"max_tokens", call.max_tokens}};
  if (call.seed) body["seed"] = *call.seed;
  if (call.schema) {
    const OrderedJson schema = {{"name", call.schema->name}, {"strict", true}, {"schema", call.schema->value}};
    body["response_format"] = {{"type", "json_schema"}, {"json_schema", schema}};
  }
  return body;
}

std::string key_of(const OrderedJson& request) {
  return fingerprint(Json(request).dump());  // keys in the order of the alphabet
}

Usage usage_at_most(const OrderedJson& request) {
  std::size_t characters = 0;
  for (const OrderedJson& message : request.at("messages"))
    characters += text::count_characters(message.at("content").get_ref<const std::string&>());
  return {static_cast<std::int64_t>(characters / 4), request.at("max_tokens").get<std::int64_t>()};
}

Usage usage_of(const OrderedJson& response) {
  return {count_at(response, {"usage", "prompt_tokens"}), count_at(response, {"usage", "completion_tokens"})};
}

Answer read_answer(const OrderedJson& request, const OrderedJson& response) {
  const OrderedJson* message = at(response, {"choices", 0, "message"});
  if (message == nullptr) return {.problem = "the response has no choices"};
  if (const std::string refusal = text_at(*message, {"refusal"}); !refusal.empty())
    return {.problem = fmt::format("the model refused: {}", refusal)};
  const std::string end = text_at(response, {"choices", 0, "finish_reason"});
  if (end == "length") return {.problem = fmt::format("the answer was cut at {} tokens", count_at(request, {"max_tokens"}))};
  if (end != "stop") return {.problem = fmt::format("the answer ended by \"{}\"", end)};
  std::string text = text_at(*message, {"content"});
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return {.problem = "the answer is empty"};
  const bool is_json = at(request, {"response_format"}) == nullptr || !parse_or_discard(text).is_discarded();
  if (!is_json) return {.problem = "the answer is not JSON"};
  return {.text = std::move(text)};
}

}  // namespace midillama::chat
