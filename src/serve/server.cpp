#include "midillama/serve/server.h"

#include "midillama/core/base64.h"
#include "midillama/core/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <memory>
#include <random>
#include <utility>

namespace midillama::serve {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings in base64 are little-endian float32");

constexpr std::chrono::milliseconds kLooksEvery{100};

std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string new_id(const char* prefix) {
  std::random_device device;
  return fmt::format("{}-{:08x}{:08x}{:08x}", prefix, device(), device(), device());
}

// One answer in the shapes of both endpoints.
class Writer {
 public:
  Writer(std::string model, bool is_chat)
      : model_(std::move(model)), is_chat_(is_chat), id_(new_id(is_chat ? "chatcmpl" : "cmpl")), created_(seconds_since_1970()) {}

  std::string whole(const std::vector<Choice>& choices, std::int64_t prompt_tokens) const {
    OrderedJson list = OrderedJson::array();
    for (std::size_t i = 0; i < choices.size(); ++i) {
      OrderedJson choice = {{"index", i}};
      if (is_chat_) choice["message"] = {{"role", "assistant"}, {"content", choices[i].text}};
      if (!is_chat_) choice["text"] = choices[i].text;
      choice["logprobs"] = nullptr;
      choice["finish_reason"] = *choices[i].finish_reason;
      list.push_back(std::move(choice));
    }
    OrderedJson json = head(is_chat_ ? "chat.completion" : "text_completion", std::move(list));
    json["usage"] = usage(choices, prompt_tokens);
    return json_text(json);
  }

  std::string begin(std::size_t choice) const { return is_chat_ ? chunk(choice, {{"role", "assistant"}, {"content", ""}}, nullptr) : ""; }
  std::string more(std::size_t choice, const std::string& text) const { return chunk(choice, {{"content", text}}, nullptr); }
  std::string end(std::size_t choice, const std::string& reason) const { return chunk(choice, OrderedJson::object(), reason); }
  std::string last(const std::vector<Choice>& choices, std::int64_t prompt_tokens) const {
    OrderedJson json = head(stream_object(), OrderedJson::array());
    json["usage"] = usage(choices, prompt_tokens);
    return event(json);
  }
  static std::string done() { return "data: [DONE]\n\n"; }

 private:
  const char* stream_object() const { return is_chat_ ? "chat.completion.chunk" : "text_completion"; }

  OrderedJson head(const char* object, OrderedJson choices) const {
    return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_}, {"choices", std::move(choices)}};
  }

  std::string chunk(std::size_t index, OrderedJson delta, const OrderedJson& reason) const {
    OrderedJson choice = {{"index", index}};
    if (is_chat_) choice["delta"] = std::move(delta);
    if (!is_chat_) choice["text"] = delta.value("content", std::string());
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = reason;
    return event(head(stream_object(), OrderedJson::array({std::move(choice)})));
  }

  static std::string event(const OrderedJson& json) { return "data: " + json_text(json) + "\n\n"; }

  static OrderedJson usage(const std::vector<Choice>& choices, std::int64_t prompt_tokens) {
    std::int64_t written = 0;
    for (const Choice& choice : choices) written += choice.tokens;
    return {{"prompt_tokens", prompt_tokens}, {"completion_tokens", written}, {"total_tokens", prompt_tokens + written}};
  }

  std::string model_;
  bool is_chat_;
  std::string id_;
  std::int64_t created_;
};

bool has_ended(const std::vector<Choice>& choices) {
  return std::ranges::all_of(choices, [](const Choice& choice) { return choice.finish_reason.has_value(); });
}

// Event by event, as it comes.
void stream_answer(Engine::Answer& answer, const Writer& writer, const Asked& asked, web::Sink& sink) {
  const auto count = static_cast<std::size_t>(asked.choices);
  std::vector<std::size_t> written(count, 0);
  std::vector<bool> ended(count, false);
  for (std::size_t i = 0; i < count; ++i) sink.write(writer.begin(i));
  for (std::vector<Choice> choices; !has_ended(choices) || choices.empty();) {
    choices = answer.wait(kLooksEvery);
    if (!sink.is_open()) return;
    for (std::size_t i = 0; i < count; ++i) {
      if (choices[i].text.size() > written[i]) sink.write(writer.more(i, choices[i].text.substr(written[i])));
      written[i] = std::max(written[i], choices[i].text.size());
      if (choices[i].finish_reason && !ended[i]) sink.write(writer.end(i, *choices[i].finish_reason));
      ended[i] = choices[i].finish_reason.has_value();
    }
    if (has_ended(choices) && asked.includes_usage) sink.write(writer.last(choices, answer.prompt_tokens()));
  }
  sink.write(Writer::done());
}

// All at once; nothing is written before the end, but a client that leaves is seen.
void write_answer(Engine::Answer& answer, const Writer& writer, web::Sink& sink) {
  std::vector<Choice> choices;
  do {
    choices = answer.wait(kLooksEvery);
    if (!sink.is_open()) return;
  } while (!has_ended(choices));
  sink.write(writer.whole(choices, answer.prompt_tokens()));
}

}  // namespace

Server::Server(generate::Session& session, ServerOptions options)
    : options_(std::move(options)), engine_(session, options_.most_waiting), began_(seconds_since_1970()), http_(options_.http) {
  http_.get(
      "/health", [](const std::string&) { return web::Reply{.body = R"({"status":"ok"})"}; }, true);
  http_.get("/v1/models", [this](const std::string&) { return models(); });
  http_.get("/metrics", [this](const std::string&) { return metrics(); });
  http_.post("/v1/chat/completions", [this](const std::string& body) { return answer(read_chat_request(body, options_.limits), true); });
  http_.post("/v1/completions", [this](const std::string& body) { return answer(read_completion_request(body, options_.limits), false); });
  http_.post("/v1/embeddings", [this](const std::string& body) { return embeddings(body); });
}

web::Reply Server::answer(Asked asked, bool is_chat) {
  const auto running = std::shared_ptr<Engine::Answer>(engine_.ask(asked));
  const Writer writer(options_.model_name, is_chat);
  if (asked.is_streamed) {
    return {.type = "text/event-stream",
            .stream = [running, writer, asked = std::move(asked)](web::Sink& sink) { stream_answer(*running, writer, asked, sink); }};
  }
  return {.stream = [running, writer](web::Sink& sink) { write_answer(*running, writer, sink); }};
}

web::Reply Server::embeddings(const std::string& body) {
  const AskedEmbeddings asked = read_embeddings_request(body, options_.limits);
  OrderedJson data = OrderedJson::array();
  for (std::size_t i = 0; i < asked.music.size(); ++i) {
    const std::vector<float> embedding = engine_.embed(asked.music[i]);
    OrderedJson row = {{"object", "embedding"}, {"index", i}};
    if (asked.is_base64) {
      row["embedding"] = to_base64({reinterpret_cast<const char*>(embedding.data()), embedding.size() * sizeof(float)});
    } else {
      row["embedding"] = embedding;
    }
    data.push_back(std::move(row));
  }
  const OrderedJson json = {{"object", "list"},
                            {"data", std::move(data)},
                            {"model", options_.model_name},
                            {"usage", {{"prompt_tokens", 0}, {"total_tokens", 0}}}};
  return {.body = json_text(json)};
}

web::Reply Server::models() const {
  const OrderedJson model = {{"id", options_.model_name}, {"object", "model"}, {"created", began_}, {"owned_by", "midillama"}};
  return {.body = json_text(OrderedJson{{"object", "list"}, {"data", OrderedJson::array({model})}})};
}

web::Reply Server::metrics() const {
  const Engine::Counts counts = engine_.counts();
  std::string text;
  const auto add = [&](const char* name, const char* type, const char* help, std::int64_t value) {
    text += fmt::format("# HELP midillama_{0} {1}\n# TYPE midillama_{0} {2}\nmidillama_{0} {3}\n", name, help, type, value);
  };
  add("answers_running", "gauge", "Answers that are being written or wait.", counts.running);
  add("answers_total", "counter", "Answers that have ended.", counts.answered);
  add("refused_total", "counter", "Requests that were told to come back.", counts.refused);
  add("prompt_tokens_total", "counter", "Tokens of prompts.", counts.prompt_tokens);
  add("completion_tokens_total", "counter", "Tokens that were written.", counts.completion_tokens);
  return {.body = text, .type = "text/plain; version=0.0.4"};
}

}  // namespace midillama::serve
