#include "text_attention.h"

#include "cpu_tasks.h"
#include "midillama/kernels/attention.h"

#include <torch/csrc/autograd/custom_function.h>

namespace midillama::model {
namespace {

using torch::Tensor;

// One pass's texts and heads; a task is one key head of one text.
struct Texts {
  Texts(const HeadLayout& layout, const std::vector<std::int64_t>& lengths) : layout(layout), lengths(lengths) {
    for (const std::int64_t length : lengths) begins.push_back(tokens), tokens += length;
  }

  // run(text, key head, scratch memory). Each thread gets heads of all texts, so that long ones are shared.
  template <typename Run>
  void for_heads(const Run& run) const {
    const auto count = static_cast<std::int64_t>(lengths.size());
    const std::int64_t longest = count == 0 ? 0 : std::ranges::max(lengths);
    over_rows(layout.keys * count, longest * layout.size, [&](std::int64_t begin, std::int64_t tasks) {
      std::vector<float> scratch(static_cast<std::size_t>(kernels::attention_scratch(longest, layout.size)));
      for (std::int64_t task = begin; task < begin + tasks; ++task)
        run(static_cast<std::size_t>(task % count), task / count, scratch.data());
    });
  }

  std::int64_t queries_per_key() const { return layout.queries / layout.keys; }
  std::int64_t first_key() const { return layout.queries * layout.size; }
  std::int64_t first_value() const { return (layout.queries + layout.keys) * layout.size; }
  // Of a key head's query heads, in a token's row.
  std::int64_t queries_of(std::int64_t key) const { return key * queries_per_key() * layout.size; }

  kernels::SharedHead head(const Tensor& heads, std::size_t text, std::int64_t key) const {
    const float* rows = heads.const_data_ptr<float>() + begins[text] * layout.width();
    return {.tokens = lengths[text],
            .queries_per_key = queries_per_key(),
            .size = layout.size,
            .queries = rows + queries_of(key),
            .keys = rows + first_key() + key * layout.size,
            .values = rows + first_value() + key * layout.size,
            .stride = layout.width()};
  }
  kernels::Attended attended(const Tensor& y, const Tensor& log_sums, std::size_t text, std::int64_t key) const {
    return {.y = y.mutable_data_ptr<float>() + begins[text] * first_key() + queries_of(key),
            .stride = first_key(),
            .log_sums = log_sums.mutable_data_ptr<float>() + key * queries_per_key() * tokens + begins[text],
            .log_stride = tokens};
  }
  kernels::HeadGradients gradients(const Tensor& dy, const Tensor& dheads, std::size_t text, std::int64_t key) const {
    float* rows = dheads.mutable_data_ptr<float>() + begins[text] * layout.width();
    return {.dy = dy.const_data_ptr<float>() + begins[text] * first_key() + queries_of(key),
            .queries = rows + queries_of(key),
            .keys = rows + first_key() + key * layout.size,
            .values = rows + first_value() + key * layout.size};
  }

  HeadLayout layout;
  std::vector<std::int64_t> lengths;
  std::vector<std::int64_t> begins;
  std::int64_t tokens = 0;
};

struct TextAttention : torch::autograd::Function<TextAttention> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& heads, const Texts& texts) {
    const Tensor y = torch::empty({texts.tokens, texts.first_key()}, heads.options());
    const Tensor log_sums = torch::empty({texts.layout.queries, texts.tokens}, heads.options());
    texts.for_heads([&](std::size_t text, std::int64_t key, float* scratch) {
      kernels::attend(texts.head(heads, text, key), texts.attended(y, log_sums, text, key), scratch);
    });
    context->save_for_backward({heads, y, log_sums});
    context->saved_data["layout"] = std::vector<std::int64_t>{texts.layout.queries, texts.layout.keys, texts.layout.size};
    context->saved_data["lengths"] = texts.lengths;
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& grads) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const Tensor &heads = saved[0], &y = saved[1], &log_sums = saved[2];
    const std::vector<std::int64_t> layout = context->saved_data["layout"].toIntVector();
    const Texts texts({layout[0], layout[1], layout[2]}, context->saved_data["lengths"].toIntVector());
    const Tensor dy = grads[0].contiguous(), dheads = torch::empty_like(heads);
    texts.for_heads([&](std::size_t text, std::int64_t key, float* scratch) {
      kernels::attend_backward(texts.head(heads, text, key), texts.attended(y, log_sums, text, key), texts.gradients(dy, dheads, text, key),
                               scratch);
    });
    return {dheads, {}};
  }
};

}  // namespace

bool can_attend_texts(const Tensor& heads, const HeadLayout& layout) {
  return is_plain(heads) && layout.size % kernels::kHeadSizeUnit == 0;
}

Tensor attend_texts(const Tensor& heads, const HeadLayout& layout, const std::vector<std::int64_t>& lengths) {
  return TextAttention::apply(heads, Texts(layout, lengths));
}

}  // namespace midillama::model
