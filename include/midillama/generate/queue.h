// The one way to the decoder: requests wait in a queue, join the running batch when there is a place, and leave it when they end, between
// two tokens. Batch evaluation, single answers and a server all go through here.
#pragma once

#include "midillama/generate/request.h"
#include "midillama/model/midi_llama.h"
#include "midillama/text/stream_decoder.h"
#include "midillama/text/tokenizer.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

namespace midillama::generate {

struct QueueOptions {
  std::int64_t batch_size = 32;  // rows of one forward pass at most
  // How many places must be free before waiting requests join those that run: each joining costs a pass over their prompts. 1: at once.
  std::int64_t join_places = 1;
  // Steps over the whole room for keys, so that each is the same launches as the one before: a CUDA graph. Unset: on a GPU.
  std::optional<bool> fixed_shapes = std::nullopt;
  const text::Tokenizer* tokenizer = nullptr;  // for NewToken::text; must outlive the queue
};

class Batch;
struct BatchRow;
struct Chosen;

class Queue {
 public:
  // The model is in eval mode, dropout off, as long as the queue lives. UsageError for options out of range.
  Queue(model::MidiLlama model, const QueueOptions& options);
  ~Queue();

  // Any thread, a callback included. Requests are answered in the order in which they come; the result is the request's number. Error
  // naming the prompt's length where it leaves no room in the model's context; UsageError for sampling out of range.
  std::size_t add(Request request);
  // Any thread: the request ends (Finish::stopped) before its next token. Nothing happens where it has ended.
  void stop(std::size_t request);

  // One thread. Lets waiting requests join, chooses one token for every request that runs, and calls its callbacks. Returns whether any
  // request runs or waits.
  bool step();
  // Steps until none does.
  void drain();

  // For a thread that does nothing else: waits until a request is there (true), or until close() was called and all have ended (false).
  bool wait();
  void close();

 private:
  class EvalMode;
  struct Running;

  void end_stopped();
  void join_waiting();
  void record(const std::vector<Chosen>& tokens);
  // Books a token; returns why the request ends with it, where it does.
  static std::optional<Finish> take(Running& running, BatchRow& row, const Chosen& token);
  static void end(Running& running, Finish finish);

  model::MidiLlama model_;
  QueueOptions options_;
  std::unique_ptr<EvalMode> eval_mode_;
  std::unique_ptr<Batch> batch_;

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Running>> waiting_;
  std::map<std::size_t, std::unique_ptr<Running>> running_;  // by request; only the thread that steps changes it
  std::set<std::size_t> stopped_;                            // asked to end
  std::size_t next_number_ = 0;
  bool is_closed_ = false;
};

}  // namespace midillama::generate
