#include "midillama/weights/torch_file.h"

#include "midillama/core/file.h"
#include "support/binary.h"
#include "support/error_of.h"

#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

namespace midillama::weights {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::HasSubstr;
using testing_support::error_of;

const fs::path kGolden = "tests/golden/weights/torch";

const PickleValue& item(const PickleValue& value, std::size_t index) {
  return *value.get<PickleSequence>()->items.at(index);
}

// Reads every tensor that the file names at its top.
void read_all(const fs::path& path) {
  const TorchFile file(path);
  for (const char* name : {"tensors", "model"}) {
    const PickleValue* tensors = find(file.root(), name);
    if (tensors == nullptr || tensors->get<PickleDict>() == nullptr) continue;
    for (const auto& [key, value] : tensors->get<PickleDict>()->entries) {
      if (const auto* tensor = value->get<PickleTensor>()) (void)file.tensor(*tensor).to(torch::kFloat64).sum().item<double>();
    }
  }
}

std::string file_error(const std::string& bytes) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "a.pt", bytes);
  return error_of([&] { read_all(folder.path() / "a.pt"); });
}

// A zip archive as torch.save writes it.
std::string archive(const std::map<std::string, std::string>& records) {
  std::string bytes;
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
    return size;
  });
  for (const auto& [name, content] : records) writer.writeRecord(name, content.data(), content.size());
  writer.writeEndOfFile();
  return bytes;
}

// {"model": {"w": a tensor of `count` elements}}
std::string model_pickle(const std::string& type, int count) {
  const auto number = [](int value) { return "J"s + static_cast<char>(value) + static_cast<char>(value >> 8) + "\0\0"s; };
  return "\x80\x02}X\x05\0\0\0model}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\n"s + type +
         "\nX\x01\0\0\0000X\x03\0\0\0cpu"s + number(count) + "tQK\0"s + number(count) + "\x85K\x01\x85\x89}tRss."s;
}

class TorchFileFormats : public testing::TestWithParam<const char*> {};

TEST_P(TorchFileFormats, HoldsEveryTensor) {
  const Json expected = read_json(kGolden / "values.json")["tensors"];
  const TorchFile file(kGolden / GetParam());
  const PickleValue& tensors = *find(file.root(), "tensors");
  EXPECT_EQ(tensors.get<PickleDict>()->entries.size(), expected.size());
  for (const auto& [name, golden] : expected.items()) {
    const torch::Tensor tensor = file.tensor(*find(tensors, name)->get<PickleTensor>());
    EXPECT_EQ(tensor.sizes().vec(), golden["shape"].get<std::vector<std::int64_t>>()) << name;
    const torch::Tensor values = tensor.to(torch::kFloat64).contiguous();
    const auto* begin = values.const_data_ptr<double>();
    EXPECT_EQ(std::vector<double>(begin, begin + values.numel()), golden["values"].get<std::vector<double>>()) << name;
  }
  EXPECT_EQ(file.tensor(*find(tensors, "bfloat16")->get<PickleTensor>()).scalar_type(), torch::kBFloat16);
}

TEST_P(TorchFileFormats, HoldsPlainValues) {
  const TorchFile file(kGolden / GetParam());
  const auto at = [&](const char* key) -> const PickleValue& { return *find(file.root(), key); };
  EXPECT_EQ(at("text").get<PickleText>()->text, "Grüße");
  EXPECT_EQ(*at("large").get<std::int64_t>(), std::int64_t{1} << 40);
  EXPECT_EQ(*at("negative").get<std::int64_t>(), -129);
  EXPECT_EQ(at("huge").get<PickleBigInteger>()->bytes.size(), 9u);
  EXPECT_EQ(*at("real").get<double>(), 0.1);
  EXPECT_EQ(*at("yes").get<bool>(), true);
  EXPECT_NE(at("nothing").get<std::monostate>(), nullptr);
  EXPECT_EQ(*item(item(item(at("list"), 1), 1), 0).get<std::int64_t>(), 3);
  EXPECT_EQ(at("tuple").get<PickleSequence>()->items.size(), 4u);
  EXPECT_EQ(&item(at("shared"), 0), &item(at("shared"), 1));
  EXPECT_EQ(at("long_text").get<PickleText>()->text, std::string(300, 'x'));
  ASSERT_NE(at("namespace").get<PickleOpaque>(), nullptr);
  EXPECT_EQ(at("namespace").get<PickleOpaque>()->name, "argparse.Namespace");
  EXPECT_EQ(at("colour").get<PickleOpaque>()->name, "__main__.Colour");
}

INSTANTIATE_TEST_SUITE_P(Golden, TorchFileFormats, testing::Values("values.pt", "values_protocol_5.pt", "values_old.pt"));

TEST(GoldenTorchFiles, BytesAndSetsOfNewerProtocols) {
  const TorchFile file(kGolden / "values_protocol_5.pt");
  EXPECT_EQ(find(file.root(), "bytes")->get<PickleBytes>()->bytes, "\0\xff"s);
  EXPECT_EQ(find(file.root(), "set")->get<PickleSequence>()->kind, PickleSequence::Kind::set);
}

TEST(GoldenTorchFiles, ViewsOfOneStorageShareIt) {
  const TorchFile file(kGolden / "values.pt");
  const PickleValue& tensors = *find(file.root(), "tensors");
  const torch::Tensor whole = file.tensor(*find(tensors, "whole")->get<PickleTensor>());
  const torch::Tensor slice = file.tensor(*find(tensors, "slice")->get<PickleTensor>());
  EXPECT_EQ(slice.storage().data(), whole.storage().data());
  EXPECT_FALSE(slice.is_contiguous());
}

TEST(GoldenTorchFiles, ACommandInAFileIsNotRun) {
  const TorchFile file(kGolden / "command.pt");
  EXPECT_FALSE(fs::exists("midillama_ran_a_command"));
  EXPECT_EQ(find(file.root(), "args")->get<PickleOpaque>()->name, "posix.system");
  EXPECT_EQ(file.tensor(*find(*find(file.root(), "model"), "weight")->get<PickleTensor>()).sum().item<float>(), 2.0f);
}

// Whatever bytes are changed or missing: an error or values, never anything else.
TEST(TorchFile, SurvivesDamage) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "damaged.pt";
  std::mt19937 random(3);
  int errors = 0, files = 0;
  for (const char* name : {"values.pt", "values_protocol_5.pt", "values_old.pt", "command.pt"}) {
    const std::string whole = read_binary(kGolden / name);
    for (int i = 0; i < 200; ++i) {
      std::string bytes = whole;
      for (unsigned change = 0; change <= random() % 8; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (i % 4 == 0) bytes.resize(random() % bytes.size());
      std::ofstream(path, std::ios::binary) << bytes;
      errors += error_of([&] { read_all(path); }) != "no error";
      ++files;
    }
  }
  EXPECT_EQ(files, 800);
  EXPECT_GT(errors, files / 2);
}

TEST(TorchFile, SaysWhatItIsNot) {
  EXPECT_THAT(file_error(""), HasSubstr("a.pt: byte 0: is neither a zip archive nor a pickle"));
  EXPECT_THAT(file_error("PK\x03\x04 and nothing more"), HasSubstr("cannot be read as a zip archive"));
  EXPECT_THAT(file_error("\x80\x02K\x01."), HasSubstr("does not begin with torch.save's magic number"));
  EXPECT_THAT(file_error(archive({{"other", "x"}})), HasSubstr("holds no data.pkl"));
  EXPECT_THAT(file_error(archive({{"data.pkl", "\x80\x02i"}})), HasSubstr("data.pkl, byte 2: INST is not followed"));
  EXPECT_THAT(file_error(archive({{"data.pkl", "N."}, {"byteorder", "big"}})), HasSubstr("byteorder: only little-endian"));
  EXPECT_THAT(error_of([] { TorchFile("no/such.pt"); }), HasSubstr("no/such.pt: cannot be opened"));
}

TEST(TorchFile, ChecksTheLengthOfEveryStorage) {
  const std::string four(16, '\1');
  EXPECT_EQ(file_error(archive({{"data.pkl", model_pickle("FloatStorage", 4)}, {"data/0", four}})), "no error");
  EXPECT_THAT(file_error(archive({{"data.pkl", model_pickle("FloatStorage", 3)}, {"data/0", four}})),
              HasSubstr("storage \"0\": data/0 holds 16 bytes, 3 elements of FloatStorage need 12"));
  EXPECT_THAT(file_error(archive({{"data.pkl", model_pickle("FloatStorage", 60'000)}, {"data/0", four}})),
              HasSubstr("60000 elements of FloatStorage are more than the file holds"));
  EXPECT_THAT(file_error(archive({{"data.pkl", model_pickle("FloatStorage", 4)}})), HasSubstr("there is no data/0 in the archive"));
  EXPECT_THAT(file_error(archive({{"data.pkl", model_pickle("QInt8Storage", 4)}, {"data/0", four}})),
              HasSubstr("the type QInt8Storage are not supported"));
}

// Magic number, protocol, system, values, keys: the older format has no checksums to hide it.
TEST(TorchFile, ChecksTheOlderFormatToo) {
  const std::string head = "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}X\x0d\0\0\0little_endian\x88s."s;
  const std::string values = model_pickle("FloatStorage", 2);
  const std::string count = "\x02\0\0\0\0\0\0\0"s;
  EXPECT_EQ(file_error(head + values + "]X\x01\0\0\0000a."s + count + "12345678"), "no error");
  EXPECT_THAT(file_error(head + values + "]X\x01\0\0\0000a."s + count + "1234567"),
              HasSubstr("the 2 elements of FloatStorage are not at byte"));
  EXPECT_THAT(file_error(head + values + "]X\x01\0\0\0000a."s + "\x03\0\0\0\0\0\0\0123456789012"s),
              HasSubstr("the 2 elements of FloatStorage"));
  EXPECT_THAT(file_error(head + values + "]X\x01\0\0\0001a."s), HasSubstr("storage keys: name a storage that no value uses"));
  EXPECT_THAT(file_error(head + values + "]."), HasSubstr("storage \"0\": is not in the file"));
  EXPECT_THAT(file_error(head + values + "N."), HasSubstr("storage keys: are no list"));
  EXPECT_THAT(file_error(head + values), HasSubstr("storage keys at byte"));
}

}  // namespace
}  // namespace midillama::weights
