#include "midillama/weights/safetensors.h"

#include "midillama/core/file.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace midillama::weights {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::error_of;

const fs::path kGoldens = "tests/golden/weights";

// A file of this header and `data_bytes` zero bytes; `length` overrides the header's stated length.
fs::path write_file(const TemporaryDirectory& folder, const std::string& header, std::size_t data_bytes,
                    std::optional<std::uint64_t> length = std::nullopt) {
  const fs::path path = folder.path() / "x.safetensors";
  const std::uint64_t stated = length.value_or(header.size());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&stated), sizeof stated);
  file << header << std::string(data_bytes, '\0');
  return path;
}

std::string error_for(const std::string& header, std::size_t data_bytes) {
  const TemporaryDirectory folder;
  const fs::path path = write_file(folder, header, data_bytes);
  return error_of([&] { SafetensorsFile file(path); });
}

TEST(GoldenSafetensors, ReadsEveryDtypeOfTheReferenceLibrary) {
  const Json expected = read_json(kGoldens / "dtypes.json");
  const TensorMap tensors = read_safetensors(kGoldens / "dtypes.safetensors");
  ASSERT_EQ(tensors.size(), expected.at("tensors").size());
  for (const auto& [name, tensor] : tensors) {
    const Json& golden = expected.at("tensors").at(name);
    EXPECT_EQ(tensor.sizes().vec(), golden.at("shape").get<std::vector<std::int64_t>>()) << name;
    const auto values = golden.at("values").get<std::vector<double>>();
    EXPECT_TRUE(at::equal(tensor.to(torch::kFloat64).flatten(), torch::tensor(values, torch::kFloat64))) << name;
  }
  const std::map<std::string, torch::ScalarType> dtypes = {
      {"float64", torch::kFloat64}, {"float32", torch::kFloat32}, {"float16", torch::kFloat16}, {"bfloat16", torch::kBFloat16},
      {"int64", torch::kInt64},     {"int32", torch::kInt32},     {"int16", torch::kInt16},     {"int8", torch::kInt8},
      {"uint8", torch::kUInt8},     {"bool", torch::kBool}};
  for (const auto& [name, dtype] : dtypes) EXPECT_EQ(tensors.at(name).scalar_type(), dtype) << name;
  EXPECT_EQ(SafetensorsFile(kGoldens / "dtypes.safetensors").metadata().at("script"), "make_safetensors.py");
}

TEST(Safetensors, ComesBackAsWritten) {
  const TemporaryDirectory folder;
  const torch::Tensor matrix = at::arange(12, torch::kFloat32).view({3, 4});
  const TensorMap written = {
      {"transposed", matrix.t()}, {"bytes", at::arange(5, torch::kUInt8)},         {"half", matrix.to(torch::kBFloat16)},
      {"long", at::arange(3)},    {"scalar", torch::tensor(2.5, torch::kFloat64)}, {"none", torch::empty({0, 7})}};
  write_safetensors(folder.path() / "deep" / "x.safetensors", written, {{"format", "pt"}, {"a \"b\"", "ü"}});
  const TensorMap read = read_safetensors(folder.path() / "deep" / "x.safetensors");
  ASSERT_EQ(read.size(), written.size());
  for (const auto& [name, tensor] : written) {
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(read.at(name), tensor)) << name;
  }
  const SafetensorsFile file(folder.path() / "deep" / "x.safetensors");
  EXPECT_EQ(file.metadata(), (Metadata{{"format", "pt"}, {"a \"b\"", "ü"}}));
  for (const auto& [name, info] : file.tensors()) EXPECT_EQ(info.begin % c10::elementSize(info.dtype), 0u) << name;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "deep"), {}), 1) << "no temporary file stays behind";
}

TEST(Safetensors, TensorsOutliveTheirFile) {
  std::optional<SafetensorsFile> file(kGoldens / "dtypes.safetensors");
  const torch::Tensor tensor = file->tensor("int64");
  file.reset();
  EXPECT_EQ(tensor[0][1].item<std::int64_t>(), 1);
}

TEST(Safetensors, CopiesIntoAnotherDtype) {
  const SafetensorsFile file(kGoldens / "dtypes.safetensors");
  const torch::Tensor destination = torch::zeros({2, 3}, torch::kBFloat16);
  file.copy_into("float32", destination);
  EXPECT_TRUE(at::equal(destination, file.tensor("bfloat16")));
}

TEST(Safetensors, CopiesTensorsLargerThanOnePiece) {
  const TemporaryDirectory folder;
  const torch::Tensor large = at::arange(9'000'000, torch::kInt64).view({3000, 3000});
  write_safetensors(folder.path() / "x.safetensors", {{"large", large}});
  const torch::Tensor copy = torch::empty_like(large);
  SafetensorsFile(folder.path() / "x.safetensors").copy_into("large", copy);
  EXPECT_TRUE(at::equal(copy, large));
}

TEST(Safetensors, ReadsDataThatIsNotAligned) {
  const TemporaryDirectory folder;
  const fs::path path = write_file(
      folder, R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F64","shape":[2],"data_offsets":[1,17]}})", 17);
  EXPECT_TRUE(at::equal(SafetensorsFile(path).tensor("b"), torch::zeros({2}, torch::kFloat64)));
}

TEST(Safetensors, AnUnknownTensorIsAnError) {
  const SafetensorsFile file(kGoldens / "dtypes.safetensors");
  EXPECT_THAT(error_of([&] { file.tensor("absent"); }), HasSubstr("dtypes.safetensors: absent: there is no such tensor"));
}

TEST(SafetensorsHeader, RefusesWrongLengths) {
  const TemporaryDirectory folder;
  const auto error = [&](std::uint64_t length) {
    const fs::path path = write_file(folder, "{}", 0, length);
    return error_of([&] { SafetensorsFile file(path); });
  };
  EXPECT_EQ(error(2), "no error");
  EXPECT_THAT(error(3), HasSubstr("the header's length of 3 bytes does not fit"));
  EXPECT_THAT(error(~0ULL), HasSubstr("does not fit a file of 10 bytes"));
  EXPECT_THAT(error(1), HasSubstr("not valid JSON"));
  EXPECT_THAT(error(0), HasSubstr("does not begin with '{'"));
  std::ofstream(folder.path() / "short") << "1234567";
  EXPECT_THAT(error_of([&] { SafetensorsFile(folder.path() / "short"); }), HasSubstr("shorter than the 8 bytes"));
  EXPECT_THAT(error_of([&] { SafetensorsFile file(folder.path()); }), HasSubstr("not a regular file"));
  EXPECT_THAT(error_of([&] { SafetensorsFile(folder.path() / "absent"); }), HasSubstr("cannot be opened"));
}

struct BadHeader {
  const char* header;
  std::size_t data_bytes;
  const char* error;

  friend void PrintTo(const BadHeader& bad, std::ostream* out) { *out << bad.error; }
};

class SafetensorsBadHeader : public testing::TestWithParam<BadHeader> {};

TEST_P(SafetensorsBadHeader, IsAnError) {
  EXPECT_THAT(error_for(GetParam().header, GetParam().data_bytes), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, SafetensorsBadHeader,
    testing::Values(
        BadHeader{"[]", 0, "does not begin with '{'"}, BadHeader{"{", 0, "not valid JSON"}, BadHeader{"{} {}", 0, "not valid JSON"},
        BadHeader{"{\"a\":1}", 0, "a: a number stands where"}, BadHeader{"{\"a\":null}", 0, "a: null stands where"},
        BadHeader{"{\"a\":[[[[[[]]]]]]}", 0, "a: an array stands where"},
        BadHeader{R"({"__metadata__":{"a":{"b":{}}}})", 0, "__metadata__: an object stands where"},
        BadHeader{R"({"__metadata__":{},"__metadata__":{}})", 0, "__metadata__: stands twice"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})", 4, "a: an array stands where"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4, "the key \"x\" is unknown"},
        BadHeader{R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4, "\"dtype\" stands twice"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1]}})", 4, "needs dtype, shape and data_offsets"},
        BadHeader{R"({"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", 4, "the dtype \"F8_E4M3\" is not supported"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4, "a negative number stands where"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", 4, "a fraction stands where"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", 4, "data_offsets must be two numbers"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})", 4, "data_offsets must be two numbers"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4,
                  "a: data_offsets [0, 4] do not hold the 8 bytes of shape [2]"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4, "do not hold the 4 bytes"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0, "is too large"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,4],"data_offsets":[0,0]}})", 0, "is too large"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,0]}})", 0, "a dimension is too large"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, "describes 4 bytes of data, the file holds 8"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 3, "describes 4 bytes of data, the file holds 3"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8,
                  "a: stands twice"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", 6,
                  "b: data_offsets begin at 2, 4 was expected"},
        BadHeader{R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12,
                  "b: data_offsets begin at 8, 4 was expected"}));

TEST(SafetensorsHeader, RefusesDeepNestingWithoutRecursion) {
  EXPECT_THAT(error_for("{\"a\":" + std::string(5'000'000, '['), 0), HasSubstr("an array stands where"));
  std::string deep = "{";
  for (int i = 0; i < 100'000; ++i) deep += "\"a\":{";
  EXPECT_THAT(error_for(deep, 0), HasSubstr("the key \"a\" is unknown"));
}

TEST(SafetensorsHeader, RefusesTooManyDimensions) {
  std::string shape = "1";
  for (int i = 0; i < 64; ++i) shape += ",1";
  EXPECT_THAT(error_for(R"({"a":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[0,4]}})", 4),
              HasSubstr("more than 64 dimensions"));
}

// Every single-byte change of a valid file is read or refused, never a crash; whatever is read lies inside the file.
TEST(Safetensors, SurvivesMutatedFiles) {
  const std::string original = read_binary(kGoldens / "dtypes.safetensors");
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "x.safetensors";
  std::size_t refused = 0, tried = 0;
  for (std::size_t position = 0; position < original.size(); position += 3) {
    for (const char byte : {'\0', '9', '{', '\xff'}) {
      std::string bytes = original;
      bytes[position] = byte;
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
      ++tried;
      try {
        for (const auto& [name, tensor] : read_safetensors(path)) EXPECT_LE(tensor.nbytes(), bytes.size()) << name;
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, tried / 2);
  EXPECT_LT(refused, tried);
}

TEST(SafetensorsWriter, LeavesTheOldFileWhereItFails) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "x.safetensors";
  write_safetensors(path, {{"a", torch::ones({2})}});
  EXPECT_THROW(write_safetensors(path, {{"a", torch::ones({2}, torch::kComplexFloat)}}), Error);
  EXPECT_THROW(write_safetensors(path, {{"__metadata__", torch::ones({2})}}), Error);
  EXPECT_TRUE(at::equal(read_safetensors(path).at("a"), torch::ones({2})));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace midillama::weights
