#include "midillama/serve/engine.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/text/utf8.h"
#include "midillama/web/http_server.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string_view>
#include <utility>

namespace midillama::serve {
namespace {

struct Shown {
  std::string text;
  bool has_stopped = false;  // a stop text came
};

// How much of what the model wrote may be shown: nothing from a stop text on, nor what may become one.
Shown shown(std::string_view written, const std::vector<std::string>& stops, bool has_ended) {
  std::size_t end = written.size();
  bool has_stopped = false;
  for (const std::string& stop : stops) {
    if (const auto at = written.find(stop); at < end) end = at, has_stopped = true;
  }
  std::size_t held = 0;
  for (const std::string& stop : stops) {
    for (std::size_t length = std::min(stop.size() - 1, written.size()); !has_stopped && !has_ended && length > held; --length) {
      if (written.ends_with(std::string_view(stop).substr(0, length))) held = length;
    }
  }
  return {std::string(text::strip(written.substr(0, end - held))), has_stopped};
}

std::uint64_t any_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

struct Engine::Stream {
  std::shared_ptr<generate::Queue> queue;
  std::vector<std::size_t> requests;  // of the queue; as many as there are choices once all are added

  std::mutex mutex;  // of all below
  std::condition_variable changed;
  std::vector<Choice> choices;
  bool has_news = false;
  std::string failure;  // empty: none
};

struct Engine::Shared {
  mutable std::mutex mutex;  // of all below
  std::shared_ptr<generate::Queue> queue;
  std::vector<std::weak_ptr<Stream>> streams;
  Counts counts;
  std::atomic<bool> is_closing = false;
};

Engine::Engine(generate::Session& session, std::size_t most_waiting)
    : session_(session), most_waiting_(most_waiting), shared_(std::make_shared<Shared>()) {
  shared_->queue = std::make_shared<generate::Queue>(session.model, session.queue_options());
  worker_ = std::thread([this] { work(); });
}

Engine::~Engine() {
  shared_->is_closing = true;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->queue->close();
  }
  worker_.join();
}

void Engine::work() {
  for (;;) {
    std::shared_ptr<generate::Queue> queue;
    {
      const std::lock_guard lock(shared_->mutex);
      queue = shared_->queue;
    }
    try {
      while (queue->wait()) queue->step();
      return;
    } catch (const std::exception& error) {
      log::error("the model failed: {}", error.what());
      fail_all(error.what());
    }
  }
}

// A queue that failed in the middle of a step is of no more use.
void Engine::fail_all(const std::string& why) {
  const std::lock_guard lock(shared_->mutex);
  shared_->queue = std::make_shared<generate::Queue>(session_.model, session_.queue_options());
  if (shared_->is_closing) shared_->queue->close();
  for (const auto& weak : std::exchange(shared_->streams, {})) {
    const auto stream = weak.lock();
    if (!stream) continue;
    const std::lock_guard stream_lock(stream->mutex);
    stream->failure = why;
    stream->changed.notify_all();
  }
  shared_->counts.running = 0;
}

model::MusicText Engine::prompt_of(const Asked& asked) {
  if (!asked.prompt) {
    generate::Heard heard;
    if (asked.music) {
      const std::lock_guard lock(encoder_);
      heard = session_.hear(*asked.music);
    }
    text::Conversation conversation = asked.conversation;
    conversation.notes = heard.notes;
    return session_.encode(conversation, heard.music, generate::Session::TooLong::is_refused);
  }
  model::MusicText prompt{.input_ids = {}, .labels = {}, .music_position = 0, .music = {}};
  if (const auto bos = session_.tokenizer->bos_id()) prompt.input_ids.push_back(*bos);
  const auto ids = session_.tokenizer->encode(*asked.prompt);
  prompt.input_ids.insert(prompt.input_ids.end(), ids.begin(), ids.end());
  const auto context = session_.model->llama->config.max_position_embeddings;
  if (static_cast<std::int64_t>(prompt.input_ids.size()) >= context) {
    throw web::HttpError(400, fmt::format("prompt: has {} tokens, and the model's context is {}", prompt.input_ids.size(), context),
                         "prompt");
  }
  return prompt;
}

void Engine::refuse_beyond(std::int64_t choices) {
  const std::lock_guard lock(shared_->mutex);
  refuse_beyond_locked(choices);
}

void Engine::refuse_beyond_locked(std::int64_t choices) {
  constexpr const char* kSoon = "1";  // seconds
  if (static_cast<std::size_t>(shared_->counts.running + choices) <= most_waiting_) return;
  ++shared_->counts.refused;
  throw web::HttpError(429, "too many requests are waiting: come back soon").with_header("Retry-After", kSoon);
}

std::unique_ptr<Engine::Answer> Engine::ask(const Asked& asked) {
  refuse_beyond(asked.choices);
  const model::MusicText prompt = prompt_of(asked);
  const auto prompt_tokens = static_cast<std::int64_t>(prompt.input_ids.size()) + session_.model->music_tokens(prompt);
  auto stream = std::make_shared<Stream>();
  stream->choices.resize(static_cast<std::size_t>(asked.choices));
  {
    const std::lock_guard lock(shared_->mutex);
    refuse_beyond_locked(asked.choices);
    shared_->counts.running += asked.choices;
    shared_->counts.prompt_tokens += prompt_tokens;
    std::erase_if(shared_->streams, [](const auto& weak) { return weak.expired(); });
    shared_->streams.push_back(stream);
    stream->queue = shared_->queue;
  }
  auto answer = std::make_unique<Answer>(stream, prompt_tokens);  // ends what was added, should the next fail
  const std::uint64_t seed = asked.seed.value_or(any_seed());
  for (std::size_t i = 0; i < stream->choices.size(); ++i) {
    generate::Request request;
    request.prompt = prompt;
    request.sampling = session_.sampling.of_prompt(i);
    request.sampling.max_new_tokens = asked.max_new_tokens;
    request.sampling.temperature = asked.temperature;
    request.sampling.top_p = asked.top_p;
    request.sampling.seed = seed;
    request.on_token = [shared = shared_, stream, i, stops = asked.stop](const generate::NewToken& token) {
      const Shown visible = shown(token.text, stops, false);
      const std::lock_guard lock(stream->mutex);
      stream->choices[i].text = visible.text;
      ++stream->choices[i].tokens;
      stream->has_news = true;
      stream->changed.notify_all();
      return !visible.has_stopped && !shared->is_closing;
    };
    request.on_end = [this, stream, i, stops = asked.stop](std::size_t, const generate::Completion& completion) {
      const bool is_cut = completion.finish == generate::Finish::length || completion.finish == generate::Finish::context;
      const auto written = session_.tokenizer->decode(completion.token_ids);
      {
        const std::lock_guard lock(shared_->mutex);
        --shared_->counts.running;
        ++shared_->counts.answered;
        shared_->counts.completion_tokens += static_cast<std::int64_t>(completion.token_ids.size());
      }
      const std::lock_guard lock(stream->mutex);
      const Shown visible = shown(written, stops, true);
      stream->choices[i] = {visible.text, static_cast<std::int64_t>(completion.token_ids.size()),
                            is_cut && !visible.has_stopped ? "length" : "stop"};
      stream->has_news = true;
      stream->changed.notify_all();
    };
    stream->requests.push_back(stream->queue->add(std::move(request)));
  }
  return answer;
}

std::vector<float> Engine::embed(const midi::Score& clip) {
  const std::lock_guard lock(encoder_);
  const torch::Tensor mean = session_.hear(clip).music.mean(0).contiguous();
  return {mean.const_data_ptr<float>(), mean.const_data_ptr<float>() + mean.numel()};
}

Engine::Counts Engine::counts() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->counts;
}

Engine::Answer::Answer(std::shared_ptr<Stream> stream, std::int64_t prompt_tokens)
    : stream_(std::move(stream)), prompt_tokens_(prompt_tokens) {}

Engine::Answer::~Answer() {
  for (const std::size_t request : stream_->requests) stream_->queue->stop(request);
}

std::vector<Choice> Engine::Answer::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(stream_->mutex);
  stream_->changed.wait_for(lock, time, [&] { return stream_->has_news || !stream_->failure.empty(); });
  if (!stream_->failure.empty()) throw Error(stream_->failure);
  stream_->has_news = false;
  return stream_->choices;
}

}  // namespace midillama::serve
