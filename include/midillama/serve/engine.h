// Answers many clients at once: one thread decodes, the others wait for what it writes.
#pragma once

#include "midillama/config/schema.h"
#include "midillama/core/single_worker.h"
#include "midillama/eval/sentence_encoder.h"
#include "midillama/explain/explanation.h"
#include "midillama/generate/queue.h"
#include "midillama/generate/session.h"
#include "midillama/grammar/grammar.h"
#include "midillama/serve/request.h"
#include "midillama/web/http_server.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace midillama::serve {

// A token with the logarithm of its probability (generate::TokenLogprob).
struct TokenText {
  std::string bytes;  // may be a part of a character
  double logprob = 0;
};

struct WrittenToken : TokenText {
  std::vector<TokenText> likeliest;  // in its place, in descending order
  std::size_t offset = 0;            // characters of the answer before it
};

// One choice of an answer, or what has come of it.
struct Choice {
  std::string text;  // what may be shown: of a chat without white space around it, and without the beginning of a stop text at its end
  std::int64_t tokens = 0;
  std::vector<WrittenToken> logprobs = {};                  // where they were asked for, of all tokens, also of a stop text's
  std::optional<std::string> finish_reason = std::nullopt;  // "stop" or "length"; nothing: it goes on

  // What came next.
  void append(const Choice& more);
};

struct Embedding {
  std::vector<float> numbers;
  std::int64_t tokens = 0;  // of a text
};

struct EngineOptions {
  std::size_t most_answers = 64;      // choices that run at once; 0: everybody is told to come back
  std::int64_t most_tokens = 65'536;  // of all their places in the decoder's cache, each as long as the longest prompt and answer
  config::BertScore texts = {};       // the sentence encoder for texts; none where it has no path, or nothing that can be read there
};

// Why work that is not wanted any more ends: the client has left, or the server is being stopped, which is what those who are still there
// are told.
web::HttpError nobody_waits();

class Engine {
 public:
  // Whether somebody still waits for it: work that nobody waits for ends with nobody_waits().
  using Wanted = std::function<bool()>;

  struct Counts {
    std::int64_t running = 0, answered = 0, refused = 0, prompt_tokens = 0, completion_tokens = 0;
  };

  // The session must outlive the engine.
  Engine(generate::Session& session, const EngineOptions& options);
  // Ends what runs.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // An answer on its way. Its choices end (stopped) with its life.
  class Answer;
  // Any thread. web::HttpError: 429 where too many wait, 400 where the prompt leaves no room for an answer.
  std::unique_ptr<Answer> ask(const Asked& asked, const Wanted& is_wanted);
  // The clip embedding: the mean of its vectors. [M] web::HttpError: 429 where too many clips wait to be heard, as below; 400, naming
  // `place` in the request, where it cannot be heard whole.
  Embedding embed(const midi::Score& clip, const std::string& place, const Wanted& is_wanted);
  // Which notes an answer came from.
  explain::Explanation explain(const AskedExplanation& asked, const Wanted& is_wanted);
  // A text's embedding by the sentence encoder of eval.bertscore. web::HttpError (400) where none is configured, or the text is longer
  // than it reads.
  Embedding embed(const std::string& text, const std::string& place, const Wanted& is_wanted);

  Counts counts() const;

 private:
  struct Shared;
  struct Stream;

  // What runs, or would.
  struct Load {
    std::int64_t choices = 0, longest_prompt = 0, longest_answer = 0;

    std::int64_t tokens() const { return choices * (longest_prompt + longest_answer); }
  };
  // Of what is asked, how many tokens its prompt may have beside what it may write.
  Load load_of(const Asked& asked, std::int64_t prompt_tokens) const;
  // HttpError 429 where there is no room beside what runs: before the prompt is made, which is work, and once more when the place is taken.
  void refuse_beyond(const Load& asked);
  void refuse_beyond_locked(const Load& asked);
  std::shared_ptr<generate::Queue> new_queue() const;
  int most_hearing() const;
  generate::Heard hear(const midi::Score& clip, const std::string& place, const Wanted& is_wanted);
  void remember(const midi::Score& clip, const generate::Heard& heard);
  model::MusicText prompt_of(const Asked& asked, const Wanted& is_wanted);
  // Null where the answer may be any text. web::HttpError (400) where the format cannot be had, or not in so many tokens.
  std::shared_ptr<const grammar::Grammar> grammar_of(const Asked& asked, std::int64_t prompt_tokens) const;
  // Callbacks of the choice `i`.
  void follow(generate::Request& request, const std::shared_ptr<Stream>& stream, std::size_t i, const Asked& asked,
              const std::shared_ptr<const grammar::Grammar>& grammar);
  WrittenToken written(const generate::NewToken& token, std::size_t offset) const;
  void work();
  void fail_all();

  generate::Session& session_;
  EngineOptions options_;
  std::optional<eval::SentenceEncoder> texts_;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<const grammar::Vocabulary> vocabulary_;  // null: the tokenizer cannot write every JSON text
  std::string why_no_formats_;
  std::atomic<int> explaining_ = 0, hearing_ = 0;
  SingleWorker explainer_;                                     // on its own: an explanation takes seconds
  SingleWorker encoders_;                                      // hears clips, reads texts
  std::deque<std::pair<midi::Score, generate::Heard>> heard_;  // the last clips: questions about one come one after the other
  std::thread decoder_;
};

class Engine::Answer {
 public:
  Answer(std::shared_ptr<Stream> stream, std::int64_t prompt_tokens);
  ~Answer();
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

  // What of each choice has come since the last call, after at most this time or as soon as there is something. web::HttpError (500) where
  // the model failed.
  std::vector<Choice> wait(std::chrono::milliseconds time);
  std::int64_t prompt_tokens() const { return prompt_tokens_; }
  std::size_t choices() const;

 private:
  std::shared_ptr<Stream> stream_;
  std::int64_t prompt_tokens_;
};

}  // namespace midillama::serve
