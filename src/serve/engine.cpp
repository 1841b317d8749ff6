#include "midillama/serve/engine.h"

#include "midillama/core/error.h"
#include "midillama/core/log.h"
#include "midillama/generate/too_long.h"
#include "midillama/grammar/matcher.h"
#include "midillama/octuple/octuple.h"
#include "midillama/text/utf8.h"

#include <ATen/Parallel.h>
#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <string_view>
#include <utility>

namespace midillama::serve {
namespace {

constexpr const char* kMessages = "messages";       // the key that has the music
constexpr const char* kSoon = "1";                  // seconds
constexpr std::size_t kLongestSentence = 64 << 10;  // bytes of a text that is embedded: no encoder reads as many

// How much of what a model writes may be shown: nothing from a stop text on, nor what may become one; of an answer no white space around
// it.
class Shown {
 public:
  Shown(std::vector<std::string> stops, bool strips) : stops_(std::move(stops)), strips_(strips) {}

  // What may be shown beyond what was given before. `written`: all that the model has written.
  std::string_view more(std::string_view written, bool has_ended) {
    find_stop(written);
    std::string_view visible = written.substr(0, std::min(stop_at_, written.size()));
    if (!has_stopped() && !has_ended) visible.remove_suffix(beginning_of_stop(written));
    if (strips_) visible = text::strip(visible);
    const auto from = std::max(given_, static_cast<std::size_t>(visible.data() - written.data()));
    const auto to = static_cast<std::size_t>(visible.data() - written.data()) + visible.size();
    if (to <= from) return {};
    given_ = to;
    return written.substr(from, to - from);
  }
  bool has_stopped() const { return stop_at_ != std::string_view::npos; }

 private:
  void find_stop(std::string_view written) {
    if (has_stopped()) return;
    for (const std::string& stop : stops_) {
      const auto from = searched_ - std::min(searched_, stop.size() - 1);
      stop_at_ = std::min(stop_at_, written.find(stop, from));
    }
    searched_ = written.size();
  }
  // The length of what stands at the end and may become a stop text.
  std::size_t beginning_of_stop(std::string_view written) const {
    std::size_t held = 0;
    for (const std::string& stop : stops_) {
      for (std::size_t length = std::min(stop.size() - 1, written.size()); length > held; --length) {
        if (written.ends_with(std::string_view(stop).substr(0, length))) held = length;
      }
    }
    return held;
  }

  std::vector<std::string> stops_;
  bool strips_;
  std::size_t given_ = 0, searched_ = 0, stop_at_ = std::string_view::npos;
};

// Keeps an answer to a grammar.
class GrammarFilter final : public generate::TokenFilter {
 public:
  explicit GrammarFilter(std::shared_ptr<const grammar::Grammar> grammar) : matcher_(std::move(grammar)) {}
  std::span<const std::uint64_t> allowed(std::int64_t remaining) override { return matcher_.allowed(remaining); }
  void accept(std::int64_t id) override { matcher_.accept(id); }
  bool is_finished() { return matcher_.is_finished(); }

 private:
  grammar::Matcher matcher_;
};

std::vector<float> floats(const torch::Tensor& vector) {
  const torch::Tensor on_host = vector.cpu().contiguous();
  return {on_host.const_data_ptr<float>(), on_host.const_data_ptr<float>() + on_host.numel()};
}

void require(const Engine::Wanted& is_wanted) {
  if (!is_wanted()) throw nobody_waits();
}

web::HttpError too_many() {
  return web::HttpError(429, "too many requests are waiting: come back soon").with_header("Retry-After", kSoon);
}

// With the code of OpenAI's API.
web::HttpError too_long(const std::string& message, const std::string& param) {
  return web::HttpError(400, message, param, "context_length_exceeded");
}

web::HttpError cannot_be_heard(const std::string& why, const std::string& place) {
  return web::HttpError(400, fmt::format("{}: the music cannot be heard: {}", place, why), place);
}

// Error where it cannot be heard, or not all of it.
void require_all_heard(const midi::Score& clip) {
  if (octuple::count_left_out(clip) == 0) return;
  throw Error(fmt::format("notes after quarter note {} are left out: ask about a part (start, duration)",
                          octuple::kMaxPositions / octuple::kPositionsPerQuarter));
}

// One of at most so many places; 429 where all are taken.
class Place {
 public:
  Place(std::atomic<int>& taken, int most) : taken_(taken) {
    if (++taken_ <= most) return;
    --taken_;
    throw too_many();
  }
  ~Place() { --taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::atomic<int>& taken_;
};

std::size_t bytes_of(const midi::Score& clip, const generate::Heard& heard) {
  return clip.note_count() * sizeof(midi::Note) + heard.notes.size() + (heard.music.defined() ? heard.music.nbytes() : 0);
}

std::uint64_t any_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

struct Engine::Stream {
  std::weak_ptr<generate::Queue> queue;  // whose callbacks keep the stream
  std::vector<std::size_t> requests;     // of the queue; as many as there are choices once all are added
  std::int64_t prompt_tokens = 0;
  std::int64_t most_new_tokens = 0;
  std::atomic<std::int64_t> open = 0;  // choices that have not ended

  std::mutex mutex;  // of all below
  std::condition_variable changed;
  std::vector<Choice> news;  // of each choice
  bool has_news = false;
  bool has_failed = false;

  void tell(std::size_t choice, Choice more) {
    const std::lock_guard lock(mutex);
    news[choice].append(more);
    has_news = true;
    changed.notify_all();
  }
  void fail() {
    const std::lock_guard lock(mutex);
    has_failed = true;
    changed.notify_all();
  }
};

struct Engine::Shared {
  // With what more is asked.
  Load load_with(Load load) const {
    for (const auto& weak : streams) {
      const auto stream = weak.lock();
      if (!stream || stream->open == 0) continue;
      load.choices += stream->open;
      load.longest_prompt = std::max(load.longest_prompt, stream->prompt_tokens);
      load.longest_answer = std::max(load.longest_answer, stream->most_new_tokens);
    }
    return load;
  }

  mutable std::mutex mutex;  // of all below
  std::shared_ptr<generate::Queue> queue;
  std::vector<std::weak_ptr<Stream>> streams;
  Counts counts;  // all but what is running
  std::atomic<bool> is_closing = false;
};

web::HttpError nobody_waits() {
  return web::HttpError(503, "the server is being stopped: come back in a moment").with_header("Retry-After", kSoon);
}

void Choice::append(const Choice& more) {
  text += more.text;
  tokens += more.tokens;
  logprobs.insert(logprobs.end(), more.logprobs.begin(), more.logprobs.end());
  if (more.finish_reason) finish_reason = more.finish_reason;
}

Engine::Engine(generate::Session& session, const EngineOptions& options)
    : session_(session), options_(options), shared_(std::make_shared<Shared>()) {
  try {
    if (!options.texts.path.empty()) texts_.emplace(options.texts, session.model->llama->output_weight().device());
  } catch (const Error& error) {
    log::warning("texts get no embeddings: {}", error.what());
  }
  try {
    vocabulary_ = std::make_shared<grammar::Vocabulary>(*session.tokenizer, session.sampling.stop_ids);
  } catch (const Error& error) {
    why_no_formats_ = error.what();
  }
  // A thread takes the number of LibTorch's threads when it first asks: before the decoder, which sets it for its own.
  for (SingleWorker* worker : {&encoders_, &explainer_}) worker->run([] { return at::get_num_threads(); });
  shared_->queue = new_queue();
  decoder_ = std::thread([this] { work(); });
}

Engine::~Engine() {
  shared_->is_closing = true;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->queue->close();
  }
  decoder_.join();
}

// What is accepted joins at once: nobody waits for another's end.
std::shared_ptr<generate::Queue> Engine::new_queue() const {
  auto options = session_.queue_options();
  options.batch_size = std::max<std::int64_t>(1, static_cast<std::int64_t>(options_.most_answers));
  return std::make_shared<generate::Queue>(session_.model, options);
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
      fail_all();
    }
  }
}

// A queue that failed in the middle of a step is of no more use.
void Engine::fail_all() {
  const std::lock_guard lock(shared_->mutex);
  shared_->queue = new_queue();
  if (shared_->is_closing) shared_->queue->close();
  for (const auto& weak : std::exchange(shared_->streams, {})) {
    const auto stream = weak.lock();
    if (!stream) continue;
    stream->open = 0;
    stream->fail();
  }
}

// As many as may be answered.
int Engine::most_hearing() const {
  return static_cast<int>(std::clamp<std::size_t>(options_.most_answers, 1, 1 << 20));
}

generate::Heard Engine::hear(const midi::Score& clip, const std::string& place, const Wanted& is_wanted) {
  const Place taken(hearing_, most_hearing());
  return encoders_.run([&] {
    require(is_wanted);
    const auto known = std::ranges::find(heard_, clip, &std::pair<midi::Score, generate::Heard>::first);
    if (known != heard_.end()) return known->second;
    generate::Heard heard;
    try {
      if (session_.prompt->has_music()) require_all_heard(clip);
      heard = session_.hear(clip);
    } catch (const Error& error) {
      throw cannot_be_heard(error.what(), place);
    }
    remember(clip, heard);
    return heard;
  });
}

void Engine::remember(const midi::Score& clip, const generate::Heard& heard) {
  constexpr std::size_t kMostClips = 16, kMostBytes = 64 << 20;
  heard_.emplace_front(clip, heard);
  std::size_t bytes = 0;
  const auto is_beyond = [&](const auto& known) { return (bytes += bytes_of(known.first, known.second)) > kMostBytes; };
  heard_.erase(std::ranges::find_if(heard_, is_beyond), heard_.end());
  if (heard_.size() > kMostClips) heard_.pop_back();
}

model::MusicText Engine::prompt_of(const Asked& asked, const Wanted& is_wanted) {
  if (!asked.prompt) {
    generate::Heard heard;
    if (asked.music) heard = hear(*asked.music, kMessages, is_wanted);
    text::Conversation conversation = asked.conversation;
    conversation.notes = heard.notes;
    try {
      return session_.encode(conversation, heard.music, generate::Session::TooLong::is_refused);
    } catch (const generate::TooLongError& error) {
      throw too_long(error.what(), kMessages);
    } catch (const InputError& error) {
      throw web::HttpError(400, error.what(), kMessages);
    }
  }
  model::MusicText prompt{.input_ids = {}, .labels = {}, .music_position = 0, .music = {}};
  const auto context = session_.model->llama->config.max_position_embeddings;
  try {
    session_.require_room("prompt", asked.prompt->size(), context);
  } catch (const generate::TooLongError& error) {
    throw too_long(error.what(), "prompt");
  }
  if (session_.tokenizer->adds_bos()) prompt.input_ids.push_back(*session_.tokenizer->bos_id());
  const auto ids = session_.tokenizer->encode(*asked.prompt);
  prompt.input_ids.insert(prompt.input_ids.end(), ids.begin(), ids.end());
  if (static_cast<std::int64_t>(prompt.input_ids.size()) >= context) {
    throw too_long(fmt::format("prompt: has {} tokens, and the model's context is {}", prompt.input_ids.size(), context), "prompt");
  }
  return prompt;
}

Engine::Load Engine::load_of(const Asked& asked, std::int64_t prompt_tokens) const {
  const std::int64_t room = session_.model->llama->config.max_position_embeddings - prompt_tokens;
  return {.choices = asked.choices, .longest_prompt = prompt_tokens, .longest_answer = std::min(asked.max_new_tokens, room)};
}

void Engine::refuse_beyond(const Load& asked) {
  const std::lock_guard lock(shared_->mutex);
  refuse_beyond_locked(asked);
}

void Engine::refuse_beyond_locked(const Load& asked) {
  const Load load = shared_->load_with(asked);
  if (static_cast<std::size_t>(load.choices) <= options_.most_answers && load.tokens() <= options_.most_tokens) return;
  ++shared_->counts.refused;
  throw too_many();
}

std::unique_ptr<Engine::Answer> Engine::ask(const Asked& asked, const Wanted& is_wanted) {
  refuse_beyond({.choices = asked.choices});
  require(is_wanted);
  const model::MusicText prompt = prompt_of(asked, is_wanted);
  const auto prompt_tokens = static_cast<std::int64_t>(prompt.input_ids.size()) + session_.model->music_tokens(prompt);
  const Load load = load_of(asked, prompt_tokens);
  if (load.tokens() > options_.most_tokens) {
    throw web::HttpError(
        400,
        fmt::format("max_tokens: {} answers of {} tokens to a prompt of {} are {} tokens, and at most {} are written at once", load.choices,
                    load.longest_answer, prompt_tokens, load.tokens(), options_.most_tokens),
        "max_tokens");
  }
  const auto grammar = grammar_of(asked, prompt_tokens);
  require(is_wanted);
  auto stream = std::make_shared<Stream>();
  std::shared_ptr<generate::Queue> queue;
  stream->news.resize(static_cast<std::size_t>(asked.choices));
  stream->prompt_tokens = prompt_tokens;
  stream->most_new_tokens = load.longest_answer;
  stream->open = asked.choices;
  {
    const std::lock_guard lock(shared_->mutex);
    refuse_beyond_locked(load);
    shared_->counts.prompt_tokens += prompt_tokens;
    std::erase_if(shared_->streams, [](const auto& weak) { return weak.expired(); });
    shared_->streams.push_back(stream);
    stream->queue = queue = shared_->queue;
  }
  auto answer = std::make_unique<Answer>(stream, prompt_tokens);  // ends what was added, should the next fail
  const std::uint64_t seed = asked.seed.value_or(any_seed());
  for (std::size_t i = 0; i < stream->news.size(); ++i) {
    generate::Request request;
    request.prompt = prompt;
    request.sampling = session_.sampling.of_prompt(i);
    request.sampling.max_new_tokens = asked.max_new_tokens;
    request.sampling.temperature = asked.temperature;
    request.sampling.top_p = asked.top_p;
    request.sampling.seed = seed;
    request.reads_alone = asked.seed.has_value();  // the same in any company
    follow(request, stream, i, asked, grammar);
    stream->requests.push_back(queue->add(std::move(request)));
  }
  return answer;
}

std::shared_ptr<const grammar::Grammar> Engine::grammar_of(const Asked& asked, std::int64_t prompt_tokens) const {
  if (!asked.format) return nullptr;
  if (!vocabulary_) throw web::HttpError(400, fmt::format("response_format: {}", why_no_formats_), "response_format");
  std::shared_ptr<const grammar::Grammar> grammar;
  try {
    grammar = asked.format->schema ? grammar::json_schema(*asked.format->schema, vocabulary_) : grammar::json_object(vocabulary_);
  } catch (const InputError& error) {
    throw web::HttpError(400, fmt::format("response_format: {}", error.what()), "response_format");
  }
  const std::int64_t room = std::min(asked.max_new_tokens, session_.model->llama->config.max_position_embeddings - prompt_tokens);
  if (grammar->shortest() > room) {
    throw web::HttpError(
        400, fmt::format("max_tokens: an answer of this format needs up to {} tokens, and there is room for {}", grammar->shortest(), room),
        "max_tokens");
  }
  return grammar;
}

void Engine::follow(generate::Request& request, const std::shared_ptr<Stream>& stream, std::size_t i, const Asked& asked,
                    const std::shared_ptr<const grammar::Grammar>& grammar) {
  GrammarFilter* filter = nullptr;
  if (grammar) {
    auto owned = std::make_unique<GrammarFilter>(grammar);
    filter = owned.get();
    request.filter = std::move(owned);
  }
  const auto visible = std::make_shared<Shown>(asked.stop, !asked.prompt);
  request.likeliest = asked.likeliest;
  request.on_token = [this, shared = shared_, stream, i, visible, filter, tells = asked.likeliest.has_value(), bytes = std::size_t{0},
                      characters = std::size_t{0}](const generate::NewToken& token) mutable {
    Choice more{.text = std::string(visible->more(token.text, false)), .tokens = 1};
    if (tells) more.logprobs.push_back(written(token, characters));
    characters += text::count_characters(token.text.substr(std::exchange(bytes, token.text.size())));
    stream->tell(i, std::move(more));
    const bool has_all = visible->has_stopped() || (filter != nullptr && filter->is_finished());
    return !has_all && !shared->is_closing;
  };
  // An answer of a format that takes all its tokens was brought to its end in time: it is whole, but not all that was to be said.
  request.on_end = [this, stream, i, visible, most = load_of(asked, stream->prompt_tokens).longest_answer](
                       std::size_t, const generate::Completion& completion) {
    const bool is_cut = std::ssize(completion.token_ids) >= most;
    {
      const std::lock_guard lock(shared_->mutex);
      --stream->open;
      ++shared_->counts.answered;
      shared_->counts.completion_tokens += static_cast<std::int64_t>(completion.token_ids.size());
    }
    if (completion.failure) return stream->fail();
    const auto text = session_.tokenizer->decode(completion.token_ids);
    Choice last{.text = std::string(visible->more(text, true))};
    last.finish_reason = is_cut && !visible->has_stopped() ? "length" : "stop";
    stream->tell(i, std::move(last));
  };
}

WrittenToken Engine::written(const generate::NewToken& token, std::size_t offset) const {
  const auto bytes = [&](std::int64_t id) { return session_.tokenizer->token_bytes(id); };
  WrittenToken written{{bytes(token.id), token.logprob}, {}, offset};
  for (const auto& [id, logprob] : token.likeliest) written.likeliest.push_back({bytes(id), logprob});
  return written;
}

Embedding Engine::embed(const midi::Score& clip, const std::string& place, const Wanted& is_wanted) {
  return {.numbers = floats(hear(clip, place, is_wanted).music.mean(0))};
}

explain::Explanation Engine::explain(const AskedExplanation& asked, const Wanted& is_wanted) {
  constexpr int kMostExplaining = 4;
  constexpr std::int64_t kPasses = 256;  // of the decoder, for one
  const Place place(explaining_, kMostExplaining);
  return explainer_.run([&] {
    require(is_wanted);
    try {
      require_all_heard(asked.music);
    } catch (const Error& error) {
      throw cannot_be_heard(error.what(), kMessages);
    }
    try {
      return explain::explain(session_, asked.music, asked.conversation, asked.answer,
                              {.most_passes = kPasses, .between_passes = [&] { require(is_wanted); }});
    } catch (const generate::TooLongError& error) {
      throw too_long(error.what(), kMessages);
    }
  });
}

Embedding Engine::embed(const std::string& text, const std::string& place, const Wanted& is_wanted) {
  if (!texts_) throw web::HttpError(400, "input: texts need a sentence encoder, and this server has none (eval.bertscore)", "input");
  if (text.size() > kLongestSentence)
    throw too_long(fmt::format("{}: has {} bytes, and at most {} are taken", place, text.size(), kLongestSentence), place);
  const Place taken(hearing_, most_hearing());
  return encoders_.run([&] {
    require(is_wanted);
    const auto tokens = texts_->tokens(text);
    if (const auto most = texts_->longest(); tokens > most)
      throw too_long(fmt::format("{}: has {} tokens, and the sentence encoder reads {}", place, tokens, most), place);
    return Embedding{.numbers = floats(texts_->embed(text)), .tokens = tokens};
  });
}

Engine::Counts Engine::counts() const {
  const std::lock_guard lock(shared_->mutex);
  Counts counts = shared_->counts;
  counts.running = shared_->load_with({}).choices;
  return counts;
}

Engine::Answer::Answer(std::shared_ptr<Stream> stream, std::int64_t prompt_tokens)
    : stream_(std::move(stream)), prompt_tokens_(prompt_tokens) {}

Engine::Answer::~Answer() {
  const auto queue = stream_->queue.lock();
  for (const std::size_t request : stream_->requests) {
    if (queue) queue->stop(request);
  }
}

std::size_t Engine::Answer::choices() const {
  return stream_->requests.size();
}

std::vector<Choice> Engine::Answer::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(stream_->mutex);
  stream_->changed.wait_for(lock, time, [&] { return stream_->has_news || stream_->has_failed; });
  if (stream_->has_failed) throw web::HttpError(500, "the model failed: the answer ends here");
  stream_->has_news = false;
  return std::exchange(stream_->news, std::vector<Choice>(stream_->news.size()));
}

}  // namespace midillama::serve
