#include "midillama/gguf/tensor_type.h"

#include "midillama/core/error.h"
#include "midillama/gguf/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

namespace midillama::gguf {
namespace {

constexpr std::string_view kExpected = ".expected";

std::vector<std::uint32_t> bits_of(const File& file, const std::string& name) {
  const Tensor& tensor = file.tensors().at(name);
  std::vector<float> elements(static_cast<std::size_t>(tensor.rows() * tensor.columns()));
  file.read_rows(tensor, 0, elements);
  std::vector<std::uint32_t> bits;
  for (const float element : elements) bits.push_back(std::bit_cast<std::uint32_t>(element));
  return bits;
}

TEST(GoldenGgufTensorType, EveryTypeIsTheReferencesToTheLastBit) {
  const File file("tests/golden/gguf/blocks.gguf");
  std::size_t compared = 0;
  for (const auto& [name, tensor] : file.tensors()) {
    if (name.ends_with(kExpected)) continue;
    ASSERT_EQ(name, tensor.type->name);
    EXPECT_EQ(bits_of(file, name), bits_of(file, name + std::string(kExpected))) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 12u);
}

TEST(GgufTensorType, RowsAreReadFromWhereverTheyBegin) {
  const File file("tests/golden/gguf/blocks.gguf");
  const Tensor& tensor = file.tensors().at("Q5_K");
  const auto columns = static_cast<std::size_t>(tensor.columns());
  std::vector<float> all(3 * columns), last(columns);
  file.read_rows(tensor, 0, all);
  file.read_rows(tensor, 2, last);
  EXPECT_THAT(last, testing::ElementsAreArray(all.begin() + static_cast<std::ptrdiff_t>(2 * columns), all.end()));
}

TEST(GgufTensorType, BytesThatDoNotHoldTheElementsAreRefused) {
  std::vector<float> elements(32);
  EXPECT_THROW(dequantize(*find_type(8), std::string(33, '\0'), elements), Error);
  EXPECT_THROW(dequantize(*find_type(8), std::string(68, '\0'), elements), Error);
}

TEST(GgufTensorType, TypesHaveNames) {
  EXPECT_EQ(find_type(14)->name, "Q6_K");
  EXPECT_EQ(find_type(16), nullptr);
  EXPECT_EQ(name_of_type(14), "Q6_K");
  EXPECT_EQ(name_of_type(16), "IQ2_XXS");
  EXPECT_EQ(name_of_type(4'000'000'000), "number 4000000000");
}

}  // namespace
}  // namespace midillama::gguf
