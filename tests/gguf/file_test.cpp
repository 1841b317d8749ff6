#include "midillama/gguf/file.h"

#include "gguf/gguf_bytes.h"
#include "midillama/core/file.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace midillama::gguf {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

constexpr std::uint32_t kTypeF32 = 0, kTypeQ8 = 8;

class GgufFile : public testing::Test {
 protected:
  File read(const std::string& bytes) const { return File(write_bytes(path, bytes)); }
  std::string error_of(const std::string& bytes) const {
    return testing_support::error_of([&] { read(bytes); });
  }

  TemporaryDirectory folder;
  std::filesystem::path path = folder.path() / "model.gguf";
};

TEST_F(GgufFile, ValuesAreFoundByKeyAndType) {
  const File file = read(gguf_bytes({text_pair("text", "a reel"), integer_pair("count", 7), number_pair("eps", 0.5F),
                                     pair("flag", kBool, raw<std::uint8_t>(1)), texts_pair("words", {"a", "", "bc"}),
                                     list_pair<std::int32_t>("types", kI32, {1, -3}), list_pair<float>("scores", kF32, {0.25F, -1}),
                                     pair("large", kU64, raw<std::uint64_t>(1ULL << 63))}));
  EXPECT_THAT(file.text("text"), Optional(std::string_view("a reel")));
  EXPECT_THAT(file.integer("count"), Optional(7));
  EXPECT_THAT(file.number("eps"), Optional(0.5));
  EXPECT_THAT(file.flag("flag"), Optional(true));
  EXPECT_THAT(*file.texts("words"), ElementsAre("a", "", "bc"));
  EXPECT_THAT(*file.integers("types"), ElementsAre(1, -3));
  EXPECT_THAT(*file.numbers("scores"), ElementsAre(0.25, -1));
  EXPECT_EQ(file.text("absent"), std::nullopt);
  EXPECT_EQ(file.texts("absent"), std::nullopt);
  EXPECT_EQ(testing_support::error_of([&] { (void)file.text("count"); }), path.string() + ": count: must be a text");
  EXPECT_THAT(testing_support::error_of([&] { (void)file.integer("large"); }), HasSubstr("large: must be a whole number below 2^63"));
  EXPECT_THAT(testing_support::error_of([&] { (void)file.texts("types"); }), HasSubstr("types: must be a list of texts"));
  EXPECT_THAT(testing_support::error_of([&] { (void)file.numbers("types"); }), HasSubstr("types: must be a list of numbers"));
}

TEST_F(GgufFile, TensorsHaveRowsAndColumns) {
  const std::string data = raw(1.F) + raw(2.F) + raw(3.F) + raw(4.F) + raw(5.F) + raw(6.F);
  const File file = read(gguf_bytes({}, {tensor("w", {3, 2}, kTypeF32, 0)}, data));
  const Tensor& w = file.tensors().at("w");
  EXPECT_THAT(w.shape, ElementsAre(2, 3));
  std::vector<float> row(3);
  file.read_rows(w, 1, row);
  EXPECT_THAT(row, ElementsAre(4, 5, 6));
  file.release(w);
  file.read_rows(w, 0, row);
  EXPECT_THAT(row, ElementsAre(1, 2, 3));
}

TEST_F(GgufFile, AlignmentIsTheFilesOwn) {
  const std::string data = raw(1.F) + std::string(4, '\0') + raw(2.F);
  const File file =
      read(gguf_bytes({integer_pair("general.alignment", 8)}, {tensor("a", {1}, kTypeF32, 0), tensor("b", {1}, kTypeF32, 8)}, data, 8));
  std::vector<float> value(1);
  file.read_rows(file.tensors().at("b"), 0, value);
  EXPECT_THAT(value, ElementsAre(2));
}

TEST_F(GgufFile, WhatTheFileClaimsIsChecked) {
  const auto header = [](std::uint64_t tensors, std::uint64_t pairs) { return "GGUF" + raw<std::uint32_t>(3) + raw(tensors) + raw(pairs); };
  const auto one = [](const std::string& info, const std::string& data = std::string(64, '\0')) { return gguf_bytes({}, {info}, data); };
  const struct {
    std::string bytes, error;
  } cases[] = {
      {"", "byte 0: a GGUF file begins with \"GGUF\""},
      {"GGML" + std::string(40, '\0'), "byte 4: a GGUF file begins with \"GGUF\""},
      {"GGUF" + raw<std::uint32_t>(1) + std::string(40, '\0'), "byte 8: version 1 of the format is not supported, 2 and 3 are"},
      {"GGUF" + raw<std::uint32_t>(0x03000000) + std::string(40, '\0'), "byte 8: the file is big-endian"},
      {header(1ULL << 60, 0), "byte 8: 1152921504606846976 tensors do not fit the 16 bytes that are left"},
      {header(0, 1ULL << 60), "byte 16: 1152921504606846976 values do not fit the 8 bytes that are left"},
      {header(0, 1) + raw<std::uint64_t>(1ULL << 40) + std::string(40, 'k'), "byte 24: a key of 1099511627776 bytes does not fit the file"},
      {gguf_bytes({pair("k", kText, raw<std::uint64_t>(~0ULL))}), "byte 37: a text of 18446744073709551615 bytes does not fit the file"},
      {gguf_bytes({pair("k", 99, std::string(8, '\0'))}), "byte 37: there is no type of values with the number 99"},
      {gguf_bytes({pair("k", kList, raw(kU64) + raw<std::uint64_t>(1ULL << 61))}),
       "byte 41: 2305843009213693952 items of a list do not fit"},
      {gguf_bytes({pair("k", kList, raw(kText) + raw<std::uint64_t>(3) + raw_text("a"))}), "byte 41: 3 items of a list do not fit"},
      {gguf_bytes({pair("k", kList, raw(kList) + raw<std::uint64_t>(0))}), "lists of lists are not supported"},
      {gguf_bytes({integer_pair("k", 1), integer_pair("k", 2)}), "the key k was there before"},
      {gguf_bytes({integer_pair("general.alignment", 24)}), "general.alignment: must be a power of two"},
      {gguf_bytes({integer_pair("general.alignment", 0)}), "general.alignment: must be a power of two"},
      {gguf_bytes({text_pair("general.alignment", "x")}), "general.alignment: must be a power of two"},
      {one(tensor("w", {}, kTypeF32, 0)), "w: has 0 dimensions"},
      {one(tensor("w", {1, 1, 1, 1, 1}, kTypeF32, 0)), "w: has 5 dimensions"},
      {one(tensor("w", {0}, kTypeF32, 0)), "w: a dimension of 0 is not possible"},
      {one(tensor("w", {1ULL << 40, 1ULL << 40}, kTypeF32, 0)), "w: a dimension of 1099511627776 is not possible"},
      {one(tensor("w", {256}, 16, 0)), "w: is of type IQ2_XXS, which is not supported; F32, F16, BF16, Q8_0"},
      {one(tensor("w", {33}, kTypeQ8, 0)), "w: rows of 33 elements are not made of blocks of 32, as Q8_0 has"},
      {one(tensor("w", {1}, kTypeF32, 4)), "w: the offset 4 is no multiple of the alignment 32"},
      {one(tensor("w", {17}, kTypeF32, 0)), "w: 68 bytes at offset 0 of the data, which begin at byte 64, do not fit a file of 128 bytes"},
      {one(tensor("w", {1}, kTypeF32, ~0ULL - 31)), "do not fit a file of 128 bytes"},
      {one(tensor("w", {1ULL << 59}, kTypeF32, 0)), "do not fit a file of 128 bytes"},
      {gguf_bytes({}, {tensor("a", {1}, kTypeF32, 0), tensor("a", {1}, kTypeF32, 32)}, std::string(64, '\0')), "a: is there twice"},
      {gguf_bytes({}, {tensor("a", {9}, kTypeF32, 0), tensor("b", {1}, kTypeF32, 32)}, std::string(64, '\0')), "b: overlaps a"},
  };
  for (const auto& [bytes, error] : cases) EXPECT_THAT(error_of(bytes), AllOf(HasSubstr(path.string()), HasSubstr(error)));
}

TEST_F(GgufFile, ATensorOfManyDimensionsIsNoMistakeOfTheFile) {
  EXPECT_THAT(read(gguf_bytes({}, {tensor("w", {2, 2, 2}, kTypeF32, 0)}, std::string(32, '\0'))).tensors().at("w").shape,
              ElementsAre(2, 2, 2));
}

// Whatever is changed or cut off: an error, or a file whose tensors can be read.
TEST_F(GgufFile, ChangedFilesAreReadOrRefused) {
  const std::string whole = read_binary("tests/golden/gguf/blocks.gguf");
  const std::size_t header = 2048;  // more than that is only data
  std::mt19937 generator(3);
  const auto random = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(generator); };
  std::size_t refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bytes = whole;
    for (std::size_t change = random(3) + 1; change > 0; --change) bytes[random(header)] = static_cast<char>(random(256));
    if (round % 4 == 0) bytes.resize(random(bytes.size()));
    try {
      const File file = read(bytes);
      for (const auto& [name, tensor] : file.tensors()) {
        if (tensor.shape.size() > 2) continue;
        std::vector<float> elements(static_cast<std::size_t>(tensor.rows() * tensor.columns()));
        file.read_rows(tensor, 0, elements);
      }
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
      ++refused;
    }
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace midillama::gguf
