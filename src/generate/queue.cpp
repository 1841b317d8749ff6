#include "midillama/generate/queue.h"

#include "generate/batch.h"
#include "midillama/core/error.h"
#include "midillama/model/team_scope.h"

#include <torch/utils.h>

#include <fmt/format.h>

#include <algorithm>

namespace midillama::generate {
namespace {

// Prompts are read at once up to so many tokens, each as long as the longest: what comes beyond joins a step later.
constexpr std::int64_t kTokensOfAPass = 1 << 15;

void check(const Sampling& sampling) {
  if (sampling.max_new_tokens < 1) throw UsageError(fmt::format("max_new_tokens is {}; it must be at least 1", sampling.max_new_tokens));
  if (!(sampling.temperature >= 0)) throw UsageError(fmt::format("the temperature is {}; it must be at least 0", sampling.temperature));
  if (!(sampling.top_p > 0 && sampling.top_p <= 1)) throw UsageError(fmt::format("top_p is {}; it must be in (0, 1]", sampling.top_p));
}

}  // namespace

// Eval mode for a while.
class Queue::EvalMode {
 public:
  explicit EvalMode(model::MidiLlama& model) : model_(model), was_training_(model->is_training()) { model_->eval(); }
  ~EvalMode() { model_->train(was_training_); }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  model::MidiLlama model_;
  bool was_training_;
};

struct Queue::Running {
  Request request;
  BatchRow row;  // as it joins the batch
  Finish at_budget = Finish::length;
  Completion completion = {};
  std::optional<text::StreamDecoder> stream = std::nullopt;
};

Queue::Queue(model::MidiLlama model, const QueueOptions& options)
    : model_(std::move(model)),
      options_(options),
      eval_mode_(std::make_unique<EvalMode>(model_)),
      batch_(std::make_unique<Batch>(model_, options.fixed_shapes)) {
  if (options.batch_size < 1) throw UsageError(fmt::format("the batch size is {}; it must be at least 1", options.batch_size));
}

Queue::~Queue() = default;

std::size_t Queue::add(Request request) {
  check(request.sampling);
  auto running = std::make_unique<Running>();
  const std::int64_t context = model_->llama->config.max_position_embeddings;
  const std::int64_t length = static_cast<std::int64_t>(request.prompt.input_ids.size()) + model_->music_tokens(request.prompt);
  if (length == 0) throw Error("the prompt is empty: there is nothing to continue");
  if (length >= context) {
    throw Error(fmt::format("the prompt has {} tokens and leaves no room for an answer in the model's context of {}", length, context));
  }
  const Sampling& sampling = request.sampling;
  running->row = {.length = length,
                  .budget = std::min(sampling.max_new_tokens, context - length),
                  .temperature = sampling.temperature,
                  .top_p = sampling.top_p,
                  .random = Random(seed_for(sampling.seed, "generate", sampling.stream)),
                  .filter = request.filter.get(),
                  .likeliest = request.likeliest,
                  .reads_alone = request.reads_alone};
  running->at_budget = context - length < sampling.max_new_tokens ? Finish::context : Finish::length;
  if (options_.tokenizer && request.on_token) running->stream.emplace(*options_.tokenizer);
  running->request = std::move(request);
  const std::lock_guard lock(mutex_);
  if (is_closed_) throw Error("the queue is closed: it takes no more requests");
  running->row.request = next_number_;
  waiting_.push_back(std::move(running));
  changed_.notify_all();
  return next_number_++;
}

void Queue::stop(std::size_t request) {
  const std::lock_guard lock(mutex_);
  stopped_.insert(request);
}

void Queue::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  changed_.notify_all();
}

bool Queue::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_closed_ || !waiting_.empty() || !running_.empty(); });
  return !waiting_.empty() || !running_.empty();
}

bool Queue::step() {
  const torch::NoGradGuard no_grad;
  const model::TeamScope team(model_->llama->output_weight());
  end_stopped();
  join_waiting();
  if (batch_->running() > 0) {
    record(batch_->choose());
    batch_->go_on();
  }
  const std::lock_guard lock(mutex_);
  return !running_.empty() || !waiting_.empty();
}

void Queue::drain() {
  while (step()) {
  }
}

void Queue::end_stopped() {
  std::vector<std::unique_ptr<Running>> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto is_stopped = [&](const auto& running) { return stopped_.contains(running->row.request); };
    for (auto& running : waiting_) {
      if (is_stopped(running)) ended.push_back(std::move(running));
    }
    std::erase(waiting_, nullptr);
    for (BatchRow& row : batch_->rows()) {
      if (row.is_done || !stopped_.contains(row.request)) continue;
      row.is_done = true;
      ended.push_back(std::move(running_.extract(row.request).mapped()));
    }
    stopped_.clear();
  }
  for (const auto& running : ended) end(*running, Finish::stopped);
}

void Queue::join_waiting() {
  const auto places = static_cast<std::size_t>(options_.batch_size) - batch_->running();
  if (batch_->running() > 0 && places < static_cast<std::size_t>(options_.join_places)) return;
  std::vector<model::MusicText> texts;
  std::vector<BatchRow> rows;
  {
    std::vector<std::unique_ptr<Running>> joining;
    const std::lock_guard lock(mutex_);
    std::int64_t longest = 0;
    while (!waiting_.empty() && joining.size() < places) {
      longest = std::max(longest, waiting_.front()->row.length);
      if (!joining.empty() && (std::ssize(joining) + 1) * longest > kTokensOfAPass) break;
      joining.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    std::ranges::stable_partition(joining, [](const auto& running) { return !running->row.reads_alone; });
    for (auto& running : joining) {
      texts.push_back(std::move(running->request.prompt));
      rows.push_back(running->row);
      running_.emplace(running->row.request, std::move(running));
    }
  }
  if (!rows.empty()) batch_->join(texts, std::move(rows));
}

void Queue::record(const std::vector<Chosen>& tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    BatchRow& row = batch_->rows()[i];
    if (row.is_done) continue;
    Running& running = *running_.at(row.request);
    std::optional<Finish> finish;
    try {
      if (row.failure) std::rethrow_exception(row.failure);
      finish = take(running, row, tokens[i]);
    } catch (...) {
      finish = Finish::failed;
      running.completion.failure = std::current_exception();
    }
    if (!finish) continue;
    row.is_done = true;
    std::unique_ptr<Running> ended;
    {
      const std::lock_guard lock(mutex_);
      ended = std::move(running_.extract(row.request).mapped());
    }
    end(*ended, *finish);
  }
}

std::optional<Finish> Queue::take(Running& running, BatchRow& row, const Chosen& token) {
  const auto& stop_ids = running.request.sampling.stop_ids;
  if (std::ranges::find(stop_ids, token.id) != stop_ids.end()) return Finish::stop;
  running.completion.token_ids.push_back(token.id);
  if (running.request.filter) running.request.filter->accept(token.id);
  if (running.request.on_token) {
    const std::string_view text = running.stream ? running.stream->push(token.id) : std::string_view();
    if (!running.request.on_token({row.request, token.id, text, token.logprob, token.likeliest})) return Finish::stopped;
  }
  return --row.budget == 0 ? std::optional(running.at_budget) : std::nullopt;
}

void Queue::end(Running& running, Finish finish) {
  running.completion.finish = finish;
  if (running.request.on_end) running.request.on_end(running.row.request, running.completion);
}

}  // namespace midillama::generate
