#include "midillama/kernels/decoder_step.h"

#include "midillama/kernels/attention.h"
#include "midillama/kernels/few_rows.h"
#include "midillama/kernels/rows.h"

#include <algorithm>
#include <memory>

namespace midillama::kernels {
namespace {

// Products and sums that are worth a task.
constexpr std::int64_t kLeastWork = 16384;

std::unique_ptr<float[]> floats(std::int64_t count) {
  return std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(count));
}

// What of a weight stays in a core's cache while one group of rows after the other reads it.
constexpr std::int64_t kBlockBytes = 128 << 10;

// A product of any number of rows.
void all_rows(const FewRows& product, std::int64_t begin, std::int64_t end) {
  const std::int64_t row_bytes = product.inputs * static_cast<std::int64_t>(sizeof(float));
  const std::int64_t block =
      product.rows <= kFewRows ? end - begin : std::max<std::int64_t>(1, kBlockBytes / row_bytes / kFewOutputs) * kFewOutputs;
  for (std::int64_t output = begin; output < end; output += block) {
    for (std::int64_t row = 0; row < product.rows; row += kFewRows) {
      FewRows part = product;
      part.x += row * product.inputs, part.y += row * product.y_stride, part.rows = std::min(kFewRows, product.rows - row);
      few_rows(part, output, std::min(output + block, end));
    }
  }
}

// Adds the part of an adapter's outputs that lies in [begin, end) of its layers'.
void add_part(const LowRank& adapter, const FewRows& product, std::int64_t begin, std::int64_t end) {
  const std::int64_t first = std::max<std::int64_t>(begin - adapter.column, 0), last = std::min(end - adapter.column, adapter.outputs);
  if (first < last) all_rows(product, first, last);
}

// A step's pass through its layers.
class Pass {
 public:
  Pass(const DecoderStep& step, ThreadTeam* team)
      : step_(step),
        team_(team),
        width_((step.heads + 2 * step.key_heads) * step.head_size),
        attended_width_(step.heads * step.head_size),
        intermediate_(step.layers.empty() ? 0 : step.layers.front().down.inputs),
        scratch_size_(next_token_scratch(step.cached + 1, group())),
        normed_(floats(step.rows * step.hidden)),
        heads_(floats(step.rows * width_)),
        attended_(floats(step.rows * attended_width_)),
        gate_up_(floats(step.rows * 2 * intermediate_)),
        activation_(floats(step.rows * intermediate_)),
        scratch_(floats(step.rows * step.key_heads * scratch_size_)) {}

  void run() {
    for (const DecoderLayer& layer : step_.layers) {
      norm(layer.attention_norm, normed_.get());
      apply(layer.query_key_value, normed_.get(), step_.rows, heads_.get(), false, team_);
      attend(layer);
      apply(layer.attention_output, attended_.get(), step_.rows, step_.x, true, team_);
      norm(layer.mlp_norm, normed_.get());
      apply(layer.gate_up, normed_.get(), step_.rows, gate_up_.get(), false, team_);
      swiglu(gate_up_.get(), step_.rows, intermediate_, activation_.get());
      apply(layer.down, activation_.get(), step_.rows, step_.x, true, team_);
    }
    norm(step_.last_norm, step_.x);
  }

 private:
  std::int64_t group() const { return step_.heads / step_.key_heads; }

  void norm(const float* weight, float* y) const { rms_norm(step_.x, weight, step_.epsilon, step_.rows, step_.hidden, y); }

  void attend(const DecoderLayer& layer) {
    const std::int64_t least = kLeastWork / (2 * group() * (step_.cached + 1) * step_.head_size);
    share_range(team_, step_.rows * step_.key_heads, {.least = std::max<std::int64_t>(1, least)},
                [&](std::int64_t first, std::int64_t count) {
                  for (std::int64_t i = first; i < first + count; ++i) attend(layer, i / step_.key_heads, i % step_.key_heads);
                });
  }

  // The query heads of one key head.
  void attend(const DecoderLayer& layer, std::int64_t row, std::int64_t key_head) {
    const std::int64_t size = step_.head_size, half = size / 2, of_head = row * step_.key_heads + key_head;
    const float *cos = step_.cos + row * half, *sin = step_.sin + row * half;
    float *keys = layer.keys + of_head * step_.capacity * size, *values = layer.values + of_head * step_.capacity * size;
    float* projected = heads_.get() + row * width_;
    float* queries = projected + key_head * group() * size;
    const float* key = projected + attended_width_ + key_head * size;
    const float* value = key + step_.key_heads * size;
    float* turned = attended_.get() + row * attended_width_ + key_head * group() * size;
    rotate(queries, group(), half, cos, sin, 1.0F, turned);
    std::copy_n(turned, group() * size, queries);
    rotate(key, 1, half, cos, sin, 1.0F, keys + step_.cached * size);
    std::copy_n(value, size, values + step_.cached * size);
    // Padding is passed over, so that a row's sums are the same to the last bit however much of it there is.
    const std::int64_t length = step_.cached + 1;
    const bool* allowed = step_.allowed == nullptr ? nullptr : step_.allowed + row * step_.allowed_stride;
    const std::int64_t padding = allowed == nullptr ? 0 : std::find(allowed, allowed + length - 1, true) - allowed;
    attend_next({.queries_per_key = group(),
                 .size = size,
                 .length = length - padding,
                 .queries = queries,
                 .keys = keys + padding * size,
                 .values = values + padding * size,
                 .allowed = allowed == nullptr ? nullptr : allowed + padding,
                 .allowed_stride = 1,
                 .y = turned},
                scratch_.get() + of_head * scratch_size_);
  }

  const DecoderStep& step_;
  ThreadTeam* team_;
  std::int64_t width_, attended_width_, intermediate_, scratch_size_;
  std::unique_ptr<float[]> normed_, heads_, attended_, gate_up_, activation_, scratch_;
};

}  // namespace

void apply(const Linears& linears, const float* x, std::int64_t rows, float* y, bool add, ThreadTeam* team) {
  const FewRows base{.x = x,
                     .rows = rows,
                     .weight = linears.weight,
                     .int8 = linears.int8,
                     .inputs = linears.inputs,
                     .outputs = linears.outputs,
                     .add = add,
                     .y = y,
                     .y_stride = linears.outputs};
  std::int64_t ranks = 0;
  for (const LowRank& adapter : linears.adapters) ranks += adapter.rank;
  const auto hidden = floats(rows * ranks);
  std::vector<FewRows> added;
  float* next = hidden.get();
  for (const LowRank& adapter : linears.adapters) {
    all_rows(
        {.x = x, .rows = rows, .weight = adapter.A, .inputs = linears.inputs, .outputs = adapter.rank, .y = next, .y_stride = adapter.rank},
        0, adapter.rank);
    added.push_back({.x = next,
                     .rows = rows,
                     .weight = adapter.B,
                     .inputs = adapter.rank,
                     .outputs = adapter.outputs,
                     .add = true,
                     .factor = adapter.factor,
                     .y = y + adapter.column,
                     .y_stride = linears.outputs});
    next += rows * adapter.rank;
  }
  share_range(team, linears.outputs, {.least = kLeastWork / linears.inputs, .unit = kFewOutputs},
              [&](std::int64_t first, std::int64_t count) {
                all_rows(base, first, first + count);
                for (std::size_t i = 0; i < added.size(); ++i) add_part(linears.adapters[i], added[i], first, first + count);
              });
}

void run(const DecoderStep& step, ThreadTeam* team) {
  Pass(step, team).run();
}

}  // namespace midillama::kernels
