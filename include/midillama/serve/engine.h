// Answers many clients at once: one thread decodes, the others wait for what it writes.
#pragma once

#include "midillama/generate/queue.h"
#include "midillama/generate/session.h"
#include "midillama/serve/request.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace midillama::serve {

// One choice of an answer, as far as it has come.
struct Choice {
  std::string text;  // what may be shown: without white space around it, and without the beginning of a stop text at its end
  std::int64_t tokens = 0;
  std::optional<std::string> finish_reason = std::nullopt;  // "stop" or "length"; nothing: it goes on
};

class Engine {
 public:
  struct Counts {
    std::int64_t running = 0, answered = 0, refused = 0, prompt_tokens = 0, completion_tokens = 0;
  };

  // At most `most_waiting` choices run or wait. The session must outlive the engine.
  Engine(generate::Session& session, std::size_t most_waiting);
  // Ends what runs.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // An answer on its way. Its choices end (stopped) with its life.
  class Answer;
  // Any thread. web::HttpError: 429 where too many wait, 400 where the prompt leaves no room for an answer.
  std::unique_ptr<Answer> ask(const Asked& asked);
  // The clip embedding: the mean of its vectors. [M]
  std::vector<float> embed(const midi::Score& clip);

  Counts counts() const;

 private:
  struct Shared;
  struct Stream;

  // Before the prompt is made, which is work, and once more when its place is taken.
  void refuse_beyond(std::int64_t choices);
  void refuse_beyond_locked(std::int64_t choices);
  model::MusicText prompt_of(const Asked& asked);
  void work();
  void fail_all(const std::string& why);

  generate::Session& session_;
  std::size_t most_waiting_;
  std::mutex encoder_;  // hears one clip at a time
  std::shared_ptr<Shared> shared_;
  std::thread worker_;
};

class Engine::Answer {
 public:
  Answer(std::shared_ptr<Stream> stream, std::int64_t prompt_tokens);
  ~Answer();
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  // What there is after at most this time, or as soon as there is more than at the last call. Error where the model failed.
  std::vector<Choice> wait(std::chrono::milliseconds time);
  std::int64_t prompt_tokens() const { return prompt_tokens_; }

 private:
  std::shared_ptr<Stream> stream_;
  std::int64_t prompt_tokens_;
};

}  // namespace midillama::serve
