#include "midillama/chat/call.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_reader.h"
#include "midillama/core/json_text.h"
#include "midillama/core/printable.h"
#include "midillama/text/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

// As servers say that the model ended by itself: OpenAI's word, and those of text-generation-inference and of Anthropic's models.
constexpr std::array<std::string_view, 4> kEnds = {"stop", "eos_token", "stop_sequence", "end_turn"};

// The content of a message, also of one that is a list of parts.
std::string content_of(const OrderedJson& message) {
  const OrderedJson* content = at(message, {"content"});
  if (content == nullptr || !content->is_array()) return text_at(message, {"content"});
  std::string text;
  for (const OrderedJson& part : *content) text += text_at(part, {"text"});
  return text;
}

// What comes after the model's thoughts, which servers that do not take them apart leave before it; some leave out where they begin.
std::string_view without_thoughts(std::string_view text) {
  constexpr std::string_view kBegin = "<think>", kEnd = "</think>";
  if (const auto end = text.rfind(kEnd); end != std::string_view::npos) return text.substr(end + kEnd.size());
  return text::strip(text).starts_with(kBegin) ? "" : text;
}

// JSON without the fence of a block of code, which servers that take no schema let models write around it.
std::string_view json_within(std::string_view text) {
  constexpr std::string_view kFence = "```";
  text = text::strip(text);
  const auto first_line = text.find('\n');
  const bool is_fenced = text.starts_with(kFence) && text.ends_with(kFence) && first_line != std::string_view::npos;
  return is_fenced ? text::strip(text.substr(first_line, text.rfind(kFence) - first_line)) : text;
}

// Of a page of HTML or a trace of a program, the beginning. Fit for a terminal.
std::string first_line(std::string_view text) {
  constexpr std::size_t kLongest = 300;
  text = text::strip(text);
  text = text.substr(0, std::min(text.find('\n'), kLongest));
  std::string valid;
  return printable(text::valid_utf8(text, valid));
}

std::int64_t count_at(const OrderedJson& json, const std::vector<OrderedJson>& path) {
  const OrderedJson* found = at(json, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

// Of an answer without text: the model may have thought for as long as it may write.
std::string problem_of_nothing(const OrderedJson& request, std::string_view content, bool is_cut) {
  if (is_cut)
    return fmt::format("the answer was cut at {} tokens, before any of it came after the thoughts", count_at(request, {"max_tokens"}));
  return text::strip(content).empty() ? "the answer is empty" : "the answer is nothing but thoughts";
}

std::string problem_of_no_message(const OrderedJson& response) {
  if (!response.is_string()) return fmt::format("the response has no choices: {}", error_text(response));
  const auto& text = response.get_ref<const std::string&>();
  if (text::strip(text).empty()) return "the response is empty";
  return fmt::format("the response is not JSON in UTF-8: {}", first_line(text));
}

// FastAPI's list of what is wrong with a request: "body.messages: field required; …".
std::string mistakes_of(const OrderedJson& response) {
  const OrderedJson* mistakes = at(response, {"detail"});
  if (mistakes == nullptr || !mistakes->is_array()) return "";
  std::string text;
  for (const OrderedJson& mistake : *mistakes) {
    std::string place;
    if (const OrderedJson* steps = at(mistake, {"loc"}); steps != nullptr && steps->is_array()) {
      for (const OrderedJson& step : *steps)
        place += (place.empty() ? "" : ".") + (step.is_string() ? step.get<std::string>() : step.dump());
    }
    if (const std::string what = text_at(mistake, {"msg"}); !what.empty())
      text += fmt::format("{}{}{}{}", text.empty() ? "" : "; ", place, place.empty() ? "" : ": ", what);
  }
  return text;
}

}  // namespace

OrderedJson request_body(const Call& call, const std::string& model) {
  OrderedJson messages = OrderedJson::array();
  for (const Message& message : call.messages) messages.push_back({{"role", message.role}, {"content", message.content}});
  OrderedJson body = {{"model", model}, {"messages", messages}, {"temperature", call.temperature}};
  if (call.top_p) body["top_p"] = *call.top_p;
  body["max_tokens"] = call.max_tokens;
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

std::int64_t about_tokens(std::string_view text) {
  constexpr std::size_t kCharacters = 4;  // a token
  return static_cast<std::int64_t>((text::count_characters(text) + kCharacters - 1) / kCharacters);
}

Usage usage_at_most(const OrderedJson& request) {
  Usage most{.completion_tokens = request.at("max_tokens").get<std::int64_t>()};
  for (const OrderedJson& message : request.at("messages"))
    most.prompt_tokens += about_tokens(message.at("content").get_ref<const std::string&>());
  if (const OrderedJson* schema = at(request, {"response_format", "json_schema", "schema"}))
    most.prompt_tokens += about_tokens(json_text(*schema));
  return most;
}

Usage usage_of(const OrderedJson& response) {
  constexpr std::int64_t kMost = 1'000'000'000;  // whatever a server says, the sum of all fits
  const auto tokens = [&](const char* kind) { return std::clamp<std::int64_t>(count_at(response, {"usage", kind}), 0, kMost); };
  return {tokens("prompt_tokens"), tokens("completion_tokens")};
}

Answer read_answer(const OrderedJson& request, const OrderedJson& response) {
  const OrderedJson* message = at(response, {"choices", 0, "message"});
  if (message == nullptr) return {.problem = problem_of_no_message(response)};
  if (const std::string refusal = text_at(*message, {"refusal"}); !refusal.empty())
    return {.problem = fmt::format("the model refused: {}", first_line(refusal))};
  const std::string end = text_at(response, {"choices", 0, "finish_reason"});
  const bool is_text = at(request, {"response_format"}) == nullptr, is_cut = end == "length";
  if (is_cut && !is_text) return {.problem = fmt::format("the answer was cut at {} tokens", count_at(request, {"max_tokens"}))};
  // Some servers do not say how it ended: what is no text shows whether it is whole.
  if (!is_cut && !end.empty() && std::ranges::find(kEnds, end) == kEnds.end())
    return {.problem = fmt::format("the answer ended by \"{}\"", first_line(end))};
  const std::string content = content_of(*message);
  if (!is_text && !parse_or_discard(content).is_discarded()) return {.text = content};
  const std::string_view text = without_thoughts(content);
  if (text::strip(text).empty()) return {.problem = problem_of_nothing(request, content, is_cut)};
  Answer answer{.text = std::string(text)};
  if (text.size() != content.size()) answer.stripped.push_back(kThoughts);
  if (is_text) return answer;
  const std::string_view within = json_within(text);
  if (parse_or_discard(within).is_discarded()) return {.problem = "the answer is not JSON"};
  if (within.size() != text::strip(text).size()) answer.stripped.push_back(kBlockOfCode);
  answer.text = within;
  return answer;
}

Answer answer_of(const OrderedJson& request, int status, const OrderedJson& response) {
  if (status == 200) return read_answer(request, response);
  if (status == 0) return {.problem = fmt::format("no answer came: {}", error_text(response))};
  return {.problem = fmt::format("status {}: {}", status, error_text(response))};
}

std::string error_text(const OrderedJson& response) {
  // What was no JSON, OpenAI's, other servers', those of batch files and of FastAPI.
  for (const std::vector<OrderedJson>& path : {std::vector<OrderedJson>{}, {"error"}, {"error", "message"}, {"message"}, {"detail"}}) {
    if (const std::string text = text_at(response, path); !text.empty()) return first_line(text);
  }
  if (const std::string text = mistakes_of(response); !text.empty()) return first_line(text);
  return "no reason was given";
}

}  // namespace midillama::chat
