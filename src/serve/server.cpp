#include "midillama/serve/server.h"

#include "midillama/core/base64.h"
#include "midillama/core/json_text.h"
#include "midillama/text/utf8.h"
#include "midillama/web/clip_view.h"
#include "midillama/web/page.h"
#include "serve/new_id.h"
#include "serve/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <variant>

namespace midillama::serve {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings in base64 are little-endian float32");

constexpr std::chrono::milliseconds kLooksEvery{20};  // a client that leaves is not read for

std::int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// For people and for keys of JSON.
std::string readable(const std::string& bytes) {
  std::string storage;
  return std::string(text::valid_utf8(bytes, storage));
}

// As completions name a token: what is no character alone by its bytes, so that two are never one key.
std::string name_of(const TokenText& token) {
  if (text::is_valid_utf8(token.bytes)) return token.bytes;
  std::string name = "bytes:";
  for (const char byte : token.bytes) name += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return name;
}

OrderedJson token_json(const TokenText& token) {
  OrderedJson bytes = OrderedJson::array();
  for (const char byte : token.bytes) bytes.push_back(static_cast<unsigned char>(byte));
  return {{"token", readable(token.bytes)}, {"logprob", token.logprob}, {"bytes", std::move(bytes)}};
}

OrderedJson chat_logprobs(const std::vector<WrittenToken>& tokens) {
  OrderedJson content = OrderedJson::array();
  for (const WrittenToken& token : tokens) {
    OrderedJson json = token_json(token);
    json["top_logprobs"] = OrderedJson::array();
    for (const TokenText& likely : token.likeliest) json["top_logprobs"].push_back(token_json(likely));
    content.push_back(std::move(json));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

OrderedJson completion_logprobs(const std::vector<WrittenToken>& tokens) {
  OrderedJson json = {{"tokens", OrderedJson::array()},
                      {"token_logprobs", OrderedJson::array()},
                      {"top_logprobs", OrderedJson::array()},
                      {"text_offset", OrderedJson::array()}};
  for (const WrittenToken& token : tokens) {
    json["text_offset"].push_back(token.offset);
    OrderedJson likeliest = OrderedJson::object();
    for (const TokenText& likely : token.likeliest) likeliest.emplace(name_of(likely), likely.logprob);
    json["tokens"].push_back(name_of(token));
    json["token_logprobs"].push_back(token.logprob);
    json["top_logprobs"].push_back(std::move(likeliest));
  }
  return json;
}

// One answer in the shapes of both endpoints.
class Writer {
 public:
  Writer(std::string model, bool is_chat, bool has_logprobs)
      : model_(std::move(model)),
        is_chat_(is_chat),
        has_logprobs_(has_logprobs),
        id_(new_id(is_chat ? "chatcmpl" : "cmpl")),
        created_(seconds_since_1970()) {}

  std::string whole(const std::vector<Choice>& choices, std::int64_t prompt_tokens) const {
    OrderedJson list = OrderedJson::array();
    for (std::size_t i = 0; i < choices.size(); ++i) {
      OrderedJson choice = {{"index", i}};
      if (is_chat_) choice["message"] = {{"role", "assistant"}, {"content", choices[i].text}};
      if (!is_chat_) choice["text"] = choices[i].text;
      choice["logprobs"] = has_logprobs_ ? logprobs(choices[i].logprobs) : nullptr;
      choice["finish_reason"] = *choices[i].finish_reason;
      list.push_back(std::move(choice));
    }
    OrderedJson json = head(is_chat_ ? "chat.completion" : "text_completion", std::move(list));
    json["usage"] = usage(choices, prompt_tokens);
    return json_text(json);
  }

  std::string begin(std::size_t choice) const {
    return is_chat_ ? chunk(choice, {{"role", "assistant"}, {"content", ""}}, nullptr, nullptr) : "";
  }
  std::string more(std::size_t choice, const Choice& news) const {
    return chunk(choice, {{"content", news.text}}, news.logprobs.empty() ? nullptr : logprobs(news.logprobs), nullptr);
  }
  std::string end(std::size_t choice, const std::string& reason) const { return chunk(choice, OrderedJson::object(), nullptr, reason); }
  std::string last(const std::vector<Choice>& choices, std::int64_t prompt_tokens) const {
    OrderedJson json = head(stream_object(), OrderedJson::array());
    json["usage"] = usage(choices, prompt_tokens);
    return event(json);
  }
  static std::string done() { return "data: [DONE]\n\n"; }
  static std::string failed(const web::HttpError& error) { return "data: " + error.body() + "\n\n"; }

 private:
  const char* stream_object() const { return is_chat_ ? "chat.completion.chunk" : "text_completion"; }

  OrderedJson head(const char* object, OrderedJson choices) const {
    return {{"id", id_}, {"object", object}, {"created", created_}, {"model", model_}, {"choices", std::move(choices)}};
  }

  std::string chunk(std::size_t index, OrderedJson delta, OrderedJson logprobs, const OrderedJson& reason) const {
    OrderedJson choice = {{"index", index}};
    if (is_chat_) choice["delta"] = std::move(delta);
    if (!is_chat_) choice["text"] = delta.value("content", std::string());
    choice["logprobs"] = std::move(logprobs);
    choice["finish_reason"] = reason;
    return event(head(stream_object(), OrderedJson::array({std::move(choice)})));
  }

  OrderedJson logprobs(const std::vector<WrittenToken>& tokens) const {
    return is_chat_ ? chat_logprobs(tokens) : completion_logprobs(tokens);
  }

  static std::string event(const OrderedJson& json) { return "data: " + json_text(json) + "\n\n"; }

  static OrderedJson usage(const std::vector<Choice>& choices, std::int64_t prompt_tokens) {
    std::int64_t written = 0;
    for (const Choice& choice : choices) written += choice.tokens;
    return {{"prompt_tokens", prompt_tokens}, {"completion_tokens", written}, {"total_tokens", prompt_tokens + written}};
  }

  std::string model_;
  bool is_chat_;
  bool has_logprobs_;
  std::string id_;
  std::int64_t created_;
};

bool has_ended(const std::vector<Choice>& choices) {
  return std::ranges::all_of(choices, [](const Choice& choice) { return choice.finish_reason.has_value(); });
}

using Answers = std::vector<std::shared_ptr<Engine::Answer>>;

std::int64_t prompt_tokens_of(const Answers& answers) {
  std::int64_t tokens = 0;
  for (const auto& answer : answers) tokens += answer->prompt_tokens();
  return tokens;
}

// Reads answers to their ends, one after the other: `on_news` of each choice's news. Returns all choices; HttpError where nobody waits for
// them any more.
template <class OnNews>
std::vector<Choice> read(const Answers& answers, const std::function<bool()>& is_open, const OnNews& on_news) {
  std::vector<Choice> all;
  for (const auto& answer : answers) {
    std::vector<Choice> choices(answer->choices());
    while (!has_ended(choices)) {
      const std::vector<Choice> news = answer->wait(kLooksEvery);
      if (!is_open()) throw nobody_waits();
      for (std::size_t i = 0; i < news.size(); ++i) {
        choices[i].append(news[i]);
        on_news(all.size() + i, news[i]);
      }
    }
    std::ranges::move(choices, std::back_inserter(all));
  }
  return all;
}

// Event by event, as it comes. The last is an error where the model failed.
void stream_answers(const Answers& answers, const Writer& writer, bool includes_usage, web::Sink& sink) try {
  std::size_t begun = 0;  // choices
  const auto begin = [&](std::size_t choices) {
    for (; begun < choices; ++begun) sink.write(writer.begin(begun));
  };
  begin(answers.front()->choices());
  const auto is_open = [&sink] { return sink.is_open(); };
  const auto choices = read(answers, is_open, [&](std::size_t i, const Choice& news) {
    begin(i + 1);
    if (!news.text.empty() || !news.logprobs.empty()) sink.write(writer.more(i, news));
    if (news.finish_reason) sink.write(writer.end(i, *news.finish_reason));
  });
  if (includes_usage) sink.write(writer.last(choices, prompt_tokens_of(answers)));
  sink.write(Writer::done());
} catch (const web::HttpError& error) {
  sink.write_last(Writer::failed(error));
}

}  // namespace

Server::Server(generate::Session& session, ServerOptions options)
    : options_(std::move(options)),
      clips_(std::move(options_.examples)),
      engine_(session, options_.engine),
      began_(seconds_since_1970()),
      http_(options_.http) {
  options_.limits.clip_by_id = [this](const std::string& id) -> std::shared_ptr<const midi::Score> {
    const auto clip = clips_.find(id);
    return clip ? std::shared_ptr<const midi::Score>(clip, &clip->score) : nullptr;
  };
  if (options_.limits.takes_music) {
    web::add_page(http_, web::page_files());
    web::add_page(http_, page_files());
  }
  http_.get(
      "/health", [](const web::Request&) { return web::Reply{.body = R"({"status":"ok"})"}; }, true);
  http_.get("/v1/models", [this](const web::Request&) { return models(); });
  http_.get("/v1/models/" + options_.model_name, [this](const web::Request&) { return web::Reply{.body = json_text(model())}; });
  http_.get("/metrics", [this](const web::Request&) { return metrics(); });
  http_.post("/v1/chat/completions",
             [this](const web::Request& request) { return answer({read_chat_request(request.body, options_.limits)}, true, request); });
  http_.post("/v1/completions", [this](const web::Request& request) {
    return answer(read_completion_request(request.body, options_.limits), false, request);
  });
  if (options_.explains) http_.post("/v1/explanations", [this](const web::Request& request) { return explanation(request); });
  http_.post("/v1/embeddings", [this](const web::Request& request) { return embeddings(request); });
  http_.get("/v1/clips", [this](const web::Request&) { return examples(); });
  http_.post("/v1/clips", [this](const web::Request& request) { return clip(request); });
}

web::Reply Server::answer(const std::vector<Asked>& asked, bool is_chat, const web::Request& request) {
  const Asked& first = asked.front();  // they differ in their prompts only
  const auto choices = static_cast<std::size_t>(first.choices) * asked.size();
  if (const auto most = std::max<std::size_t>(1, options_.engine.most_answers); choices > most)
    throw web::HttpError(400, fmt::format("n: {} answers are asked for, and at most {} are written at once", choices, most), "n");
  Answers answers;
  for (const Asked& one : asked) answers.push_back(engine_.ask(one, request.is_open));
  const Writer writer(options_.model_name, is_chat, first.likeliest.has_value());
  if (first.is_streamed) {
    return {.type = "text/event-stream", .stream = [answers, writer, includes_usage = first.includes_usage](web::Sink& sink) {
              stream_answers(answers, writer, includes_usage, sink);
            }};
  }
  const auto whole = read(answers, request.is_open, [](std::size_t, const Choice&) {});
  return {.body = writer.whole(whole, prompt_tokens_of(answers))};
}

web::Reply Server::explanation(const web::Request& request) {
  OrderedJson json = {{"object", "explanation"}};
  json.update(explain::to_json(engine_.explain(read_explanation_request(request.body, options_.limits), request.is_open)));
  return {.body = json_text(json)};
}

web::Reply Server::embeddings(const web::Request& request) {
  const AskedEmbeddings asked = read_embeddings_request(request.body, options_.limits);
  OrderedJson data = OrderedJson::array();
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < asked.inputs.size(); ++i) {
    const auto [embedding, read] =
        std::visit([&](const auto& input) { return engine_.embed(input, fmt::format("input[{}]", i), request.is_open); }, asked.inputs[i]);
    tokens += read;
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
                            {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}};
  return {.body = json_text(json)};
}

web::Reply Server::clip(const web::Request& request) {
  AskedClip asked = read_clip_request(request.body, options_.limits);
  const auto clip = asked.id ? clips_.find(*asked.id) : clips_.add(std::move(asked.name), std::move(asked.music));
  if (clip == nullptr) throw web::HttpError(404, "id: no clip is kept under it: send its file again", "id");
  OrderedJson json = {{"id", clip->id}, {"object", "clip"}, {"name", clip->name}};
  json.update(web::view_of(clip->score));
  json["explainable"] = options_.explains && !clip->score.smpte;
  return {.body = json_text(json)};
}

web::Reply Server::examples() const {
  OrderedJson data = OrderedJson::array();
  for (const auto& clip : clips_.examples()) data.push_back({{"id", clip->id}, {"name", clip->name}});
  return {.body = json_text(OrderedJson{{"object", "list"}, {"data", std::move(data)}})};
}

OrderedJson Server::model() const {
  return {{"id", options_.model_name}, {"object", "model"}, {"created", began_}, {"owned_by", "midillama"}};
}

web::Reply Server::models() const {
  return {.body = json_text(OrderedJson{{"object", "list"}, {"data", OrderedJson::array({model()})}})};
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
