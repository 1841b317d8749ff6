// Every loop of the room under every target that this processor has, against sums in float64.
#include "midillama/core/error.h"
#include "midillama/core/random.h"
#include "midillama/kernels/attention.h"
#include "midillama/kernels/few_rows.h"
#include "midillama/kernels/int8.h"
#include "midillama/kernels/products.h"
#include "midillama/kernels/rows.h"
#include "midillama/kernels/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>

namespace midillama::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Sizes that are whole vectors of every target, of some, and of none.
constexpr std::int64_t kSizes[] = {1, 3, 4, 7, 8, 15, 16, 17, 31, 48, 67, 130};

std::vector<float> random_floats(std::int64_t count, double scale = 1) {
  static Random random(7);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(scale * (2 * random.uniform() - 1));
  return values;
}

// What a loop must not touch is no number.
constexpr std::int64_t kGuard = 19;
std::vector<float> guarded(std::int64_t count) {
  return std::vector<float>(static_cast<std::size_t>(count + kGuard), std::numeric_limits<float>::quiet_NaN());
}

// All values near the expected ones, relative to the greatest of these but at least `scale`, and nothing after them touched.
void expect_near(const std::vector<float>& values, const std::vector<double>& expected, double tolerance, double scale = 1e-30) {
  for (const double value : expected) scale = std::max(scale, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(values[i], expected[i], tolerance * scale) << "element " << i;
  for (std::size_t i = expected.size(); i < values.size(); ++i) ASSERT_TRUE(std::isnan(values[i])) << "element " << i << " is touched";
}

// What tolerances of a sum of so many products of random_floats() are relative to: it may come out near zero and be as inexact as the
// others, and one that is added up term by term loses a little with every term.
double size_of_sum(std::int64_t products) {
  const auto count = static_cast<double>(products);
  return std::sqrt(count) / 3 + count / 16;
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

class Kernels : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    use_target(GetParam());
    ASSERT_EQ(target(), GetParam());
  }
  void TearDown() override { use_target(targets().front()); }
};

INSTANTIATE_TEST_SUITE_P(Targets, Kernels, testing::ValuesIn(targets()), [](const auto& info) { return info.param; });

TEST_P(Kernels, RmsNorm) {
  constexpr std::int64_t kRows = 3;
  constexpr float kEpsilon = 1e-5F;
  for (const std::int64_t size : kSizes) {
    SCOPED_TRACE(size);
    const auto x = random_floats(kRows * size), weight = random_floats(size), dy = random_floats(kRows * size);
    std::vector<double> expected, expected_dx, expected_dweight(static_cast<std::size_t>(size), 1);
    for (std::int64_t row = 0; row < kRows; ++row) {
      const float *of_x = x.data() + row * size, *of_dy = dy.data() + row * size;
      double squares = 0, along = 0;
      for (std::int64_t i = 0; i < size; ++i) squares += double{of_x[i]} * of_x[i], along += double{of_dy[i]} * weight[i] * of_x[i];
      const double scale = 1 / std::sqrt(squares / static_cast<double>(size) + kEpsilon);
      for (std::int64_t i = 0; i < size; ++i) {
        expected.push_back(of_x[i] * scale * weight[i]);
        expected_dx.push_back(scale * (double{of_dy[i]} * weight[i] - of_x[i] * along * scale * scale / static_cast<double>(size)));
        expected_dweight[static_cast<std::size_t>(i)] += of_dy[i] * of_x[i] * scale;
      }
    }
    auto y = guarded(kRows * size), dx = guarded(kRows * size), dweight = guarded(size);
    std::fill_n(dweight.begin(), size, 1.0F);
    rms_norm(x.data(), weight.data(), kEpsilon, kRows, size, y.data());
    rms_norm_backward(dy.data(), x.data(), weight.data(), kEpsilon, kRows, size, dx.data());
    add_rms_norm_weight_gradient(dy.data(), x.data(), kEpsilon, kRows, size, dweight.data());
    expect_near(y, expected, 1e-6);
    expect_near(dweight, expected_dweight, 2e-6, 1);
    expect_near(dx, expected_dx, 2e-6, 1);  // of one element it is a difference of what is almost alike
  }
}

TEST_P(Kernels, Swiglu) {
  constexpr std::int64_t kRows = 2;
  for (const std::int64_t size : kSizes) {
    SCOPED_TRACE(size);
    auto x = random_floats(kRows * 2 * size, 6);
    x[0] = 200, x[static_cast<std::size_t>(2 * size)] = -200;  // beyond what e^x can say
    const auto dy = random_floats(kRows * size);
    std::vector<double> expected, expected_dx;
    for (std::int64_t row = 0; row < kRows; ++row) {
      const float *gate = x.data() + row * 2 * size, *up = gate + size, *of_dy = dy.data() + row * size;
      for (std::int64_t i = 0; i < size; ++i) expected.push_back(gate[i] * sigmoid(gate[i]) * up[i]);
      for (std::int64_t i = 0; i < size; ++i) {
        expected_dx.push_back(of_dy[i] * up[i] * sigmoid(gate[i]) * (1 + gate[i] * (1 - sigmoid(gate[i]))));
      }
      for (std::int64_t i = 0; i < size; ++i) expected_dx.push_back(of_dy[i] * gate[i] * sigmoid(gate[i]));
    }
    auto y = guarded(kRows * size), dx = guarded(kRows * 2 * size);
    swiglu(x.data(), kRows, size, y.data());
    swiglu_backward(dy.data(), x.data(), kRows, size, dx.data());
    expect_near(y, expected, 1e-6);
    expect_near(dx, expected_dx, 1e-6);
  }
}

TEST_P(Kernels, Rotate) {
  constexpr std::int64_t kHeads = 3;
  for (const std::int64_t half : kSizes) {
    for (const float direction : {1.0F, -1.0F}) {
      const auto x = random_floats(kHeads * 2 * half), cos = random_floats(half), sin = random_floats(half);
      std::vector<double> expected;
      for (std::int64_t head = 0; head < kHeads; ++head) {
        const float *first = x.data() + head * 2 * half, *second = first + half;
        for (std::int64_t i = 0; i < half; ++i) expected.push_back(double{first[i]} * cos[i] - double{second[i]} * direction * sin[i]);
        for (std::int64_t i = 0; i < half; ++i) expected.push_back(double{second[i]} * cos[i] + double{first[i]} * direction * sin[i]);
      }
      auto y = guarded(kHeads * 2 * half);
      rotate(x.data(), kHeads, half, cos.data(), sin.data(), direction, y.data());
      expect_near(y, expected, 1e-6);
    }
  }
}

TEST_P(Kernels, SoftmaxWithWhatIsMaskedAndWhatIsFar) {
  for (const std::int64_t size : kSizes) {
    for (const double spread : {1.0, 200.0}) {
      SCOPED_TRACE(size);
      auto row = random_floats(size, spread);
      if (size > 2) row[static_cast<std::size_t>(size / 2)] = -kInfinity;
      double total = 0;
      const double most = *std::ranges::max_element(row);
      std::vector<double> expected;
      for (const float value : row) expected.push_back(std::exp(value - most)), total += expected.back();
      for (double& value : expected) value /= total;
      auto in_place = row;
      in_place.resize(row.size() + kGuard, std::numeric_limits<float>::quiet_NaN());
      EXPECT_NEAR(softmax(in_place.data(), size), most + std::log(total), 1e-5 * std::max(1.0, std::abs(most)));
      expect_near(in_place, expected, 2e-6);
      const float middle = in_place[static_cast<std::size_t>(size / 2)];
      EXPECT_TRUE(size <= 2 || middle == 0) << middle;
    }
  }
}

TEST_P(Kernels, SoftmaxKeepsWhatIsNoNumber) {
  auto row = random_floats(20);
  row[13] = std::numeric_limits<float>::quiet_NaN();
  softmax(row.data(), 20);
  EXPECT_THAT(row, testing::Each(testing::Truly([](float value) { return std::isnan(value); })));
}

struct Shape {
  std::int64_t rows, columns, steps;
};

void check_product(const Shape& shape, bool transposed, bool add) {
  SCOPED_TRACE(testing::Message() << shape.rows << " × " << shape.columns << " × " << shape.steps << (transposed ? " transposed" : "")
                                  << (add ? " added" : ""));
  const std::int64_t a_row = transposed ? 1 : shape.steps + 3, a_step = transposed ? shape.rows + 5 : 1, b_step = shape.columns + 2;
  const std::int64_t c_row = shape.columns + 7;
  constexpr float kFactor = -0.75F;
  const auto a = random_floats(shape.rows * a_row + shape.steps * a_step), b = random_floats(shape.steps * b_step);
  const auto before = random_floats(shape.rows * c_row);
  std::vector<double> expected(before.begin(), before.end());
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    for (std::int64_t column = 0; column < shape.columns; ++column) {
      double total = 0;
      for (std::int64_t step = 0; step < shape.steps; ++step) {
        total += double{a[static_cast<std::size_t>(row * a_row + step * a_step)]} * b[static_cast<std::size_t>(step * b_step + column)];
      }
      double& c = expected[static_cast<std::size_t>(row * c_row + column)];
      c = add ? c + kFactor * total : total;
    }
  }
  auto c = before;
  multiply({.a = a.data(),
            .a_row = a_row,
            .a_step = a_step,
            .b = b.data(),
            .b_step = b_step,
            .c = c.data(),
            .c_row = c_row,
            .rows = shape.rows,
            .columns = shape.columns,
            .steps = shape.steps,
            .add = add,
            .factor = kFactor});
  expect_near(c, expected, 2e-6, size_of_sum(shape.steps));
}

TEST_P(Kernels, Multiply) {
  for (const std::int64_t rows : {1, 2, 3, 5, 6, 11, 12, 25}) {
    for (const std::int64_t columns : kSizes) {
      for (const std::int64_t steps : {1, 8, 33}) {
        for (const bool transposed : {false, true}) {
          for (const bool add : {false, true}) check_product({rows, columns, steps}, transposed, add);
        }
      }
    }
  }
}

// A weight as the loop reads it, in float32 or in 8 bits, and the same numbers for the reference: at(output, input).
struct WeightOfRows {
  const float* floats = nullptr;
  Int8Weight int8 = {};
  std::function<double(std::int64_t, std::int64_t)> at;
};

// Outputs from `begin` on, but for the last seventh.
void check_rows(const Shape& shape, bool add, std::int64_t begin, const WeightOfRows& weight) {
  SCOPED_TRACE(testing::Message() << shape.rows << " rows, " << shape.columns << " outputs of " << shape.steps << (add ? " added" : ""));
  const std::int64_t outputs = shape.columns, inputs = shape.steps, y_stride = outputs + 3, end = outputs - outputs / 7;
  constexpr float kFactor = 1.25F;
  const auto x = random_floats(shape.rows * inputs), before = random_floats(shape.rows * y_stride);
  std::vector<double> expected(before.begin(), before.end());
  for (std::int64_t row = 0; row < shape.rows; ++row) {
    for (std::int64_t o = begin; o < end; ++o) {
      double total = 0;
      for (std::int64_t i = 0; i < inputs; ++i) total += double{x[static_cast<std::size_t>(row * inputs + i)]} * weight.at(o, i);
      double& y = expected[static_cast<std::size_t>(row * y_stride + o)];
      y = kFactor * total + (add ? y : 0);
    }
  }
  auto y = before;
  const FewRows product{.x = x.data(),
                        .rows = shape.rows,
                        .weight = weight.floats,
                        .int8 = weight.int8,
                        .inputs = inputs,
                        .outputs = outputs,
                        .add = add,
                        .factor = kFactor,
                        .y = y.data(),
                        .y_stride = y_stride};
  few_rows(product, begin, end);
  expect_near(y, expected, 2e-6, size_of_sum(inputs));
}

void check_few_rows(const Shape& shape, bool add) {
  const auto weight = random_floats(shape.columns * shape.steps);
  const auto at = [&](std::int64_t o, std::int64_t i) { return double{weight[static_cast<std::size_t>(o * shape.steps + i)]}; };
  check_rows(shape, add, shape.columns / 5, {.floats = weight.data(), .at = at});
}

TEST_P(Kernels, FewRows) {
  for (std::int64_t rows = 1; rows <= kFewRows; ++rows) {
    for (const std::int64_t outputs : {1, 5, 12, 40}) {
      for (const std::int64_t inputs : {1, 3, 8, 16, 29, 512, 1024, 1100}) {
        for (const bool add : {false, true}) check_few_rows({rows, outputs, inputs}, add);
      }
    }
  }
}

// A weight in 8 bits and what it stands for.
struct Quantized {
  Quantized(const std::vector<float>& weight, std::int64_t outputs, std::int64_t inputs)
      : blocks(int8_blocks(inputs)),
        levels(static_cast<std::size_t>((outputs + 3) / 4 * 4 * blocks * kInt8Block), 99),
        scales(static_cast<std::size_t>((outputs + 3) / 4 * 4 * blocks)) {
    for (std::int64_t o = 0; o < outputs; ++o) quantize(weight.data() + o * inputs, o, inputs, levels.data(), scales.data());
  }

  double scale(std::int64_t output, std::int64_t input) const {
    const auto place = static_cast<std::size_t>(int8_place(output, input / kInt8Block, blocks));
    return std::bit_cast<float>(std::uint32_t{scales[place]} << 16);
  }
  double level(std::int64_t output, std::int64_t input) const {
    return levels[static_cast<std::size_t>(int8_place(output, input / kInt8Block, blocks) * kInt8Block + input % kInt8Block)];
  }
  double at(std::int64_t output, std::int64_t input) const { return level(output, input) * scale(output, input); }

  std::int64_t blocks;
  std::vector<std::int8_t> levels;
  std::vector<std::uint16_t> scales;
};

// To the last bit.
TEST_P(Kernels, FewRowsOfARowAreTheSameWhateverIsBesideIt) {
  constexpr std::int64_t kOutputs = 29;
  for (const std::int64_t inputs : {5, 64, 600, 1030, 2500}) {
    const auto weight = random_floats(kOutputs * inputs), x = random_floats(kFewRows * inputs), before = random_floats(kOutputs);
    for (const bool add : {false, true}) {
      const auto product = [&](std::int64_t first, std::int64_t rows, const std::vector<std::int64_t>& parts) {
        std::vector<float> y;
        for (std::int64_t row = 0; row < rows; ++row) y.insert(y.end(), before.begin(), before.end());
        const FewRows all{.x = x.data() + first * inputs,
                          .rows = rows,
                          .weight = weight.data(),
                          .inputs = inputs,
                          .outputs = kOutputs,
                          .add = add,
                          .factor = 0.7F,
                          .y = y.data(),
                          .y_stride = kOutputs};
        for (std::size_t i = 1; i < parts.size(); ++i) few_rows(all, parts[i - 1], parts[i]);
        return y;
      };
      std::vector<float> alone;
      for (std::int64_t row = 0; row < kFewRows; ++row) {
        const auto y = product(row, 1, {0, 1, 14, kOutputs});
        alone.insert(alone.end(), y.begin(), y.end());
      }
      for (std::int64_t rows = 1; rows <= kFewRows; ++rows) {
        const std::vector<float> expected(alone.begin(), alone.begin() + rows * kOutputs);
        EXPECT_EQ(product(0, rows, {0, kOutputs}), expected) << rows << " rows of " << inputs << " inputs";
      }
    }
  }
}

TEST_P(Kernels, QuantizedWeightsAreTheNearest) {
  constexpr std::int64_t kOutputs = 4;
  for (const std::int64_t inputs : {1, 3, 31, 32, 33, 64, 70, 576}) {
    SCOPED_TRACE(inputs);
    auto weight = random_floats(kOutputs * inputs, 0.02);
    std::fill_n(weight.begin(), inputs, 0.0F);                                                         // a block of zeros
    for (std::int64_t i = 0; i < inputs; ++i) weight[static_cast<std::size_t>(inputs + i)] *= 1e-37F;  // of the least numbers
    weight[static_cast<std::size_t>(2 * inputs)] = -3e38F;                                             // and of the greatest
    const Quantized quantized(weight, kOutputs, inputs);
    for (std::int64_t o = 0; o < kOutputs; ++o) {
      for (std::int64_t begin = 0; begin < inputs; begin += kInt8Block) {
        const std::int64_t end = std::min(begin + kInt8Block, inputs);
        const double scale = quantized.scale(o, begin);
        double largest = 0;
        for (std::int64_t i = begin; i < end; ++i) {
          const double w = weight[static_cast<std::size_t>(o * inputs + i)];
          EXPECT_NEAR(quantized.level(o, i), w / scale, 0.5 + 1e-4);
          largest = std::max(largest, std::abs(w));
        }
        EXPECT_GE(scale * 127, largest);
        EXPECT_LE(scale * 127, std::max(largest, 127.0 * std::numeric_limits<float>::min()) * (1 + 1.0 / 127));
        for (std::int64_t i = end; i < begin + kInt8Block; ++i) EXPECT_EQ(quantized.level(o, i), 0);
      }
    }
  }
}

TEST_P(Kernels, QuantizingRoundsHalvesToEven) {
  std::vector<float> weight(kInt8Block);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(i) + 0.5F;
  weight[0] = 127;
  const Quantized quantized(weight, 1, kInt8Block);
  ASSERT_EQ(quantized.scale(0, 0), 1);
  for (std::int64_t i = 1; i < kInt8Block; ++i) EXPECT_EQ(quantized.level(0, i), i % 2 == 0 ? i : i + 1);
}

void check_int8_rows(const Shape& shape, bool add) {
  const Quantized weight(random_floats(shape.columns * shape.steps), shape.columns, shape.steps);
  const auto at = [&](std::int64_t o, std::int64_t i) { return weight.at(o, i); };
  check_rows(shape, add, shape.columns / 5 / 4 * 4, {.int8 = {weight.levels.data(), weight.scales.data()}, .at = at});
}

TEST_P(Kernels, FewRowsOfAWeightInEightBits) {
  for (std::int64_t rows = 1; rows <= kFewRows; ++rows) {
    for (const std::int64_t outputs : {1, 5, 12, 40}) {
      for (const std::int64_t inputs : {1, 3, 29, 32, 36, 256, 300, 576, 1100}) {
        for (const bool add : {false, true}) check_int8_rows({rows, outputs, inputs}, add);
      }
    }
  }
}

// One text's heads as projections lie: queries, keys and values of a token beside each other.
struct Text {
  Text(std::int64_t tokens, std::int64_t queries_per_key, std::int64_t size)
      : tokens(tokens), group(queries_per_key), size(size), width((group + 2) * size + 5), heads(random_floats(tokens * width)) {}

  std::int64_t keys_at() const { return group * size; }
  std::int64_t values_at() const { return (group + 1) * size; }
  double at(std::int64_t token, std::int64_t column) const { return heads[static_cast<std::size_t>(token * width + column)]; }
  SharedHead head() const {
    return {.tokens = tokens,
            .queries_per_key = group,
            .size = size,
            .queries = heads.data(),
            .keys = heads.data() + keys_at(),
            .values = heads.data() + values_at(),
            .stride = width};
  }
  double product(std::int64_t token, std::int64_t column, std::int64_t other_token, std::int64_t other_column) const {
    double total = 0;
    for (std::int64_t i = 0; i < size; ++i) total += at(token, column + i) * at(other_token, other_column + i);
    return total;
  }
  // Of query head `member` at `token`: what it gives to each key before it, and the logarithm of the sum.
  std::pair<std::vector<double>, double> probabilities(std::int64_t member, std::int64_t token) const {
    std::vector<double> p;
    double total = 0;
    for (std::int64_t key = 0; key <= token; ++key) {
      p.push_back(std::exp(product(token, member * size, key, keys_at()) / std::sqrt(static_cast<double>(size))));
      total += p.back();
    }
    for (double& value : p) value /= total;
    return {p, std::log(total)};
  }

  std::int64_t tokens, group, size, width;
  std::vector<float> heads;
};

struct TextCase {
  std::int64_t tokens, queries_per_key, size;
};

void check_attention(const TextCase& shape) {
  SCOPED_TRACE(testing::Message() << shape.tokens << " tokens, " << shape.queries_per_key << " heads of " << shape.size);
  const Text text(shape.tokens, shape.queries_per_key, shape.size);
  const std::int64_t y_width = text.group * text.size, size = text.size;
  const auto dy = random_floats(text.tokens * y_width);
  const double scale = 1 / std::sqrt(static_cast<double>(size));
  std::vector<double> y(dy.size()), gradient(text.heads.size()), log_sums(static_cast<std::size_t>(text.group * text.tokens));
  const auto add = [&](std::int64_t token, std::int64_t column, double value) {
    gradient[static_cast<std::size_t>(token * text.width + column)] += value;
  };
  for (std::int64_t member = 0; member < text.group; ++member) {
    for (std::int64_t token = 0; token < text.tokens; ++token) {
      const auto [p, log_sum] = text.probabilities(member, token);
      log_sums[static_cast<std::size_t>(member * text.tokens + token)] = log_sum;
      const auto at = static_cast<std::size_t>(token * y_width + member * size);
      std::vector<double> dp(p.size());
      double along = 0;
      for (std::size_t key = 0; key < p.size(); ++key) {
        for (std::int64_t i = 0; i < size; ++i) {
          const auto k = static_cast<std::int64_t>(key);
          const auto place = at + static_cast<std::size_t>(i);
          y[place] += p[key] * text.at(k, text.values_at() + i);
          dp[key] += dy[place] * text.at(k, text.values_at() + i);
          add(k, text.values_at() + i, p[key] * dy[place]);
        }
        along += p[key] * dp[key];
      }
      for (std::size_t key = 0; key < p.size(); ++key) {
        const double ds = p[key] * (dp[key] - along) * scale;
        const auto k = static_cast<std::int64_t>(key);
        for (std::int64_t i = 0; i < size; ++i) {
          add(token, member * size + i, ds * text.at(k, text.keys_at() + i));
          add(k, text.keys_at() + i, ds * text.at(token, member * size + i));
        }
      }
    }
  }
  auto out = guarded(text.tokens * y_width), sums = guarded(text.group * text.tokens), grads = text.heads;
  auto scratch = guarded(attention_scratch(text.tokens, size));
  for (std::int64_t token = 0; token < text.tokens; ++token) {
    for (std::int64_t i = text.width - 5; i < text.width; ++i) grads[static_cast<std::size_t>(token * text.width + i)] = 0;
  }
  const Attended result{.y = out.data(), .stride = y_width, .log_sums = sums.data(), .log_stride = text.tokens};
  attend(text.head(), result, scratch.data());
  expect_near(out, y, 2e-6);
  expect_near(sums, log_sums, 2e-6, 1);
  const HeadGradients gradients{
      .dy = dy.data(), .queries = grads.data(), .keys = grads.data() + text.keys_at(), .values = grads.data() + text.values_at()};
  attend_backward(text.head(), result, gradients, scratch.data());
  expect_near(grads, gradient, 3e-6);
  for (std::size_t i = scratch.size() - kGuard; i < scratch.size(); ++i) EXPECT_TRUE(std::isnan(scratch[i])) << "beyond the scratch memory";
}

TEST_P(Kernels, AttendAndItsGradient) {
  for (const std::int64_t tokens : {1, 2, 5, 16, 24, 25, 33, 70}) {
    for (const std::int64_t size : {16, 32, 48}) {
      for (const std::int64_t group : {1, 3}) check_attention({tokens, group, size});
    }
  }
}

TEST_P(Kernels, AttendNext) {
  for (const std::int64_t group : {1, 2, 4, 8}) {
    for (const std::int64_t length : {1, 3, 16, 53}) {
      for (const std::int64_t size : {1, 4, 20, 64}) {
        for (const bool masked : {false, true}) {
          SCOPED_TRACE(testing::Message() << group << " heads of " << size << ", " << length << " keys" << (masked ? ", masked" : ""));
          const auto queries = random_floats(group * size), keys = random_floats(length * size), values = random_floats(length * size);
          const auto allowed = std::make_unique<bool[]>(static_cast<std::size_t>(2 * length));
          for (std::int64_t i = 0; i < length; ++i) allowed[static_cast<std::size_t>(2 * i)] = i % 3 != 1 || i + 1 == length;
          std::vector<double> expected;
          for (std::int64_t member = 0; member < group; ++member) {
            std::vector<double> y(static_cast<std::size_t>(size));
            double total = 0;
            for (std::int64_t key = 0; key < length; ++key) {
              if (masked && !allowed[static_cast<std::size_t>(2 * key)]) continue;
              double score = 0;
              for (std::int64_t i = 0; i < size; ++i) {
                score += double{queries[static_cast<std::size_t>(member * size + i)]} * keys[static_cast<std::size_t>(key * size + i)];
              }
              const double p = std::exp(score / std::sqrt(static_cast<double>(size)));
              total += p;
              for (std::size_t i = 0; i < y.size(); ++i) y[i] += p * values[static_cast<std::size_t>(key * size) + i];
            }
            for (const double value : y) expected.push_back(value / total);
          }
          auto y = guarded(group * size);
          auto scratch = guarded(next_token_scratch(length, group));
          attend_next({.queries_per_key = group,
                       .size = size,
                       .length = length,
                       .queries = queries.data(),
                       .keys = keys.data(),
                       .values = values.data(),
                       .allowed = masked ? allowed.get() : nullptr,
                       .allowed_stride = 2,
                       .y = y.data()},
                      scratch.data());
          expect_near(y, expected, 2e-6, size_of_sum(1));
        }
      }
    }
  }
}

TEST(Target, NamesWhatThereIs) {
  EXPECT_THAT([] { use_target("mmx"); },
              testing::ThrowsMessage<UsageError>(testing::AllOf(testing::HasSubstr("mmx"), testing::HasSubstr(targets().front()))));
  EXPECT_EQ(target(), targets().front());
}

TEST(Target, OfTheEnvironmentRestricts) {
  const std::string least = targets().back();
  ::setenv("MIDILLAMA_TARGET", least.c_str(), 1);
  use_environments_target();
  EXPECT_EQ(target(), least);
  ::unsetenv("MIDILLAMA_TARGET");
  use_environments_target();
  EXPECT_EQ(target(), least);  // as it was
  use_target(targets().front());
}

}  // namespace
}  // namespace midillama::kernels
