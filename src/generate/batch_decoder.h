// One batch of prompts from prefill to the last row's end.
#pragma once

#include "generate/cuda_graph.h"
#include "midillama/core/random.h"
#include "midillama/generate/generator.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace midillama::generate {

// A prompt on its way: which one it is, how long it is, and how many tokens it may still get.
struct Row {
  std::size_t prompt = 0;
  std::int64_t length = 0;  // tokens, musical ones included
  std::int64_t budget = 0;  // new tokens, by max_new_tokens and the model's context
  Finish at_budget = Finish::length;
  Random random{0};
  bool is_done = false;
};

class BatchDecoder {
 public:
  BatchDecoder(model::MidiLlama& model, const SamplingOptions& options, std::vector<Completion>& completions);

  // Fills completions[row.prompt] for every row; texts[i] is the prompt of rows[i].
  void run(std::span<const model::MusicText> texts, std::vector<Row> rows);

 private:
  // All prompts in one forward pass, left-padded: -> logits [rows, vocab] of their last tokens.
  torch::Tensor prefill(std::span<const model::MusicText> texts);
  // One more token a row: tokens [rows] -> logits [rows, vocab]. Where shapes are fixed, the next step overwrites them.
  torch::Tensor step(const torch::Tensor& tokens);
  torch::Tensor forward(const torch::Tensor& tokens);
  torch::Tensor choose(const torch::Tensor& logits);
  // Books the tokens of the rows that are not done; -> indices of those that go on.
  std::vector<std::int64_t> record(const torch::Tensor& tokens);
  bool ends(Row& row, std::int64_t token);
  // Whether it is time to leave out the rows that are done.
  bool pays_to_leave(std::size_t going_on) const;
  void keep_only(const std::vector<std::int64_t>& rows);

  model::MidiLlama& model_;
  const SamplingOptions& options_;
  std::vector<Completion>& completions_;

  std::vector<Row> rows_;
  std::unique_ptr<model::KeyValueCache> cache_;
  torch::Tensor positions_;   // [rows, 1] int64 rotary position of the next token, counted up in place
  torch::Tensor may_attend_;  // bool [rows, 1, 1, capacity], false at padding; undefined where no row is padded
  // Where shapes are fixed, of the rows as they are:
  torch::Tensor tokens_;  // [rows] int64 that the graph reads
  std::unique_ptr<CudaGraph> graph_;
};

}  // namespace midillama::generate
