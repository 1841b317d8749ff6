// The rows that are decoded together: prefill, step by step, joining and leaving.
#pragma once

#include "generate/cuda_graph.h"
#include "midillama/core/random.h"
#include "midillama/generate/request.h"
#include "midillama/model/key_value_cache.h"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace midillama::generate {

// A request on its way.
struct BatchRow {
  std::size_t request = 0;
  std::int64_t length = 0;  // of the prompt in tokens, musical ones included
  std::int64_t budget = 0;  // tokens that it may still get
  double temperature = 0;
  double top_p = 1;
  Random random{0};
  TokenFilter* filter = nullptr;                         // of the request, which outlives the row
  std::optional<std::int64_t> likeliest = std::nullopt;  // as Request::likeliest
  bool reads_alone = false;                              // as Request::reads_alone
  bool is_done = false;
  std::exception_ptr failure = nullptr;  // of the filter
};

// A row's next token; the rest where the row asks for it.
struct Chosen {
  std::int64_t id = 0;
  double logprob = 0;
  std::vector<TokenLogprob> likeliest = {};
};

class Batch {
 public:
  Batch(model::MidiLlama& model, std::optional<bool> fixed_shapes) : model_(model), fixed_shapes_(fixed_shapes) {}

  std::vector<BatchRow>& rows() { return rows_; }
  std::size_t running() const;  // rows that are not done

  // Reads the prompts texts[i] of rows[i] and puts the rows beside those that run. Those that are read alone come last; equal ones are read
  // once.
  void join(std::span<const model::MusicText> texts, std::vector<BatchRow> rows);
  // The next token of every row; what is chosen for rows that are done means nothing.
  std::vector<Chosen> choose();
  // Reads the tokens that were chosen for the rows that are not done. Those that are done leave, as soon as it pays.
  void go_on();

 private:
  // Prompts after their forward pass, left-padded.
  struct Prefilled {
    std::unique_ptr<model::KeyValueCache> cache;
    std::vector<std::int64_t> padding;
    std::int64_t length = 0;
    torch::Tensor logits;  // [rows, vocab] of the last tokens
  };
  // `room`: columns of the cache for what comes after.
  Prefilled prefill(std::span<const model::MusicText> texts, std::span<const BatchRow> rows, std::int64_t room);
  // Puts the caches of the running rows and the new ones together; one of these may be there more than once.
  void merge(std::span<const Prefilled* const> fresh, const std::vector<BatchRow>& rows);
  // The logits, -inf at what the rows' filters forbid. A filter's failure is its row's.
  torch::Tensor filtered_logits();
  void add_logprobs(std::vector<Chosen>& tokens) const;
  // After the rows have changed.
  void rebuild_inputs();
  torch::Tensor step(const torch::Tensor& tokens);
  torch::Tensor forward(const torch::Tensor& tokens);
  bool pays_to_leave() const;
  void keep_running();
  torch::Device device() const { return model_->llama->output_weight().device(); }

  model::MidiLlama& model_;
  std::optional<bool> fixed_shapes_;

  std::vector<BatchRow> rows_;
  std::unique_ptr<model::KeyValueCache> cache_;
  std::int64_t length_ = 0;            // columns of the cache that are written: the rows end together
  std::vector<std::int64_t> padding_;  // of each row, at its start
  torch::Tensor logits_;               // [rows, vocab] of the last tokens; where shapes are fixed, the next step overwrites them
  torch::Tensor chosen_;               // [rows] int64
  torch::Tensor positions_;            // [rows, 1] int64 rotary position of the next token, counted up in place
  torch::Tensor may_attend_;           // bool [rows, 1, 1, capacity], false at padding; undefined where no row is padded
  torch::Tensor temperatures_;         // [rows] float64, 1 for greedy rows; undefined where all are greedy
  torch::Tensor top_ps_;               // [rows] float64
  torch::Tensor is_greedy_;            // bool [rows]; undefined where none is, or all are
  // Where shapes are fixed, of the rows as they are:
  torch::Tensor tokens_;  // [rows] int64 that the graph reads
  std::unique_ptr<CudaGraph> graph_;
};

}  // namespace midillama::generate
