#include "midillama/weights/finite.h"

#include "midillama/core/file.h"
#include "midillama/weights/safetensors.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

namespace midillama::weights {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing_support::error_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A file whose one tensor `weight` ends in this number.
fs::path write_file(const fs::path& folder, float last) {
  const fs::path file = folder / "x.safetensors";
  write_safetensors(file, {{"weight", at::ones({5000})}});
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(-static_cast<std::streamoff>(sizeof last), std::ios::end);
  stream.write(reinterpret_cast<const char*>(&last), sizeof last);
  return file;
}

TEST(Finite, EveryKindOfNumberIsLookedAt) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64, torch::kBFloat16, torch::kFloat16, torch::kFloat8_e5m2}) {
    torch::Tensor x = at::linspace(-3, 3, 1000).to(dtype);
    EXPECT_TRUE(is_finite(x)) << dtype;
    for (const double number : {kInfinity, -kInfinity, kNan}) {
      const torch::Tensor spoilt = x.clone();
      spoilt.narrow(0, 700, 1).copy_(at::full({1}, number));
      EXPECT_FALSE(is_finite(spoilt)) << dtype << " " << number;
    }
  }
  EXPECT_TRUE(is_finite(at::arange(4)));
  EXPECT_TRUE(is_finite(at::empty({0})));
  EXPECT_TRUE(is_finite(at::full({2}, 3e38F)));
}

TEST(Finite, NothingElseIsWritten) {
  const TemporaryDirectory folder;
  const fs::path file = folder.path() / "x.safetensors";
  write_safetensors(file, {{"weight", at::ones({3})}});
  const std::string before = read_binary(file);
  EXPECT_THAT(error_of([&] {
                write_safetensors(file, {{"a", at::ones({2})}, {"b", torch::tensor({1.0, kNan})}});
              }),
              AllOf(HasSubstr("x.safetensors"), HasSubstr("b holds a number that is not finite")));
  EXPECT_EQ(read_binary(file), before);
}

TEST(Finite, NothingBecomesInfiniteInAnotherType) {
  const TemporaryDirectory folder;
  const fs::path file = write_file(folder.path(), 3e38F);
  EXPECT_EQ(error_of([&] { SafetensorsFile(file).copy_into("weight", at::empty({5000})); }), "no error");
  EXPECT_THAT(error_of([&] { SafetensorsFile(file).copy_into("weight", at::empty({5000}, torch::kFloat16)); }),
              AllOf(HasSubstr("x.safetensors"), HasSubstr("weight"), HasSubstr("too large for F16")));
}

TEST(Finite, NothingElseIsRead) {
  const TemporaryDirectory folder;
  for (const float last : {static_cast<float>(kInfinity), static_cast<float>(kNan)}) {
    const fs::path file = write_file(folder.path(), last);
    const auto names_it = AllOf(HasSubstr("x.safetensors"), HasSubstr("weight"), HasSubstr("not finite"));
    EXPECT_THAT(error_of([&] { read_safetensors(file); }), names_it);
    EXPECT_THAT(error_of([&] { SafetensorsFile(file).copy_into("weight", at::empty({5000})); }), names_it);
    EXPECT_THAT(error_of([&] { require_finite(SafetensorsFile(file)); }), names_it);
  }
  EXPECT_EQ(read_safetensors(write_file(folder.path(), 2)).at("weight")[4999].item<float>(), 2);
}

}  // namespace
}  // namespace midillama::weights
