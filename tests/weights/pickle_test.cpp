#include "midillama/weights/pickle.h"

#include "midillama/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

namespace midillama::weights {
namespace {

using namespace std::string_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

// The root of the pickle; it and its bytes stay alive.
class Read {
 public:
  explicit Read(std::string bytes) : bytes_(std::move(bytes)), pickle_(bytes_, "a.pt", "data.pkl") {}
  const PickleValue* operator->() const { return &pickle_.root(); }
  const PickleValue& operator*() const { return pickle_.root(); }
  const Pickle& pickle() const { return pickle_; }

 private:
  std::string bytes_;
  Pickle pickle_;
};

std::string error_of(const std::string& bytes) {
  try {
    Read{bytes};
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

std::int64_t integer(const PickleValue* value) {
  return *value->get<std::int64_t>();
}

std::string short_text(const std::string& text) {
  return "\x8c"s + static_cast<char>(text.size()) + text;
}

// ("storage", torch.FloatStorage, "0", "cpu", 6) as a persistent id.
const std::string kStorage = "(" + short_text("storage") + "ctorch\nFloatStorage\n" + short_text("0") + short_text("cpu") + "K\x06tQ";

// A tensor of that storage: instructions that leave offset, sizes and strides on the stack.
std::string tensor_of(const std::string& offset, const std::string& sizes, const std::string& strides, const std::string& metadata = "") {
  return "\x80\x02"
         "ctorch._utils\n_rebuild_tensor_v2\n(" +
         kStorage + offset + sizes + strides + "\x89}" + metadata + "tR.";
}

TEST(Pickle, ReadsNumbersOfEveryWidth) {
  EXPECT_EQ(integer(&*Read("K\xff.")), 255);
  EXPECT_EQ(integer(&*Read("M\xff\xff.")), 65535);
  EXPECT_EQ(integer(&*Read("J\xff\xff\xff\xff.")), -1);
  EXPECT_EQ(integer(&*Read("\x8a\x00."s)), 0);
  EXPECT_EQ(integer(&*Read("\x8a\x01\x80."s)), -128);
  EXPECT_EQ(integer(&*Read("\x8b\x08\0\0\0\0\0\0\0\0\0\0\x80."s)), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Read("\x8a\x09\0\0\0\0\0\0\0\0\x01."s)->get<PickleBigInteger>()->bytes, "\0\0\0\0\0\0\0\0\x01"s);
  EXPECT_EQ(*Read("G\x3f\xb9\x99\x99\x99\x99\x99\x9a."s)->get<double>(), 0.1);
  EXPECT_EQ(*Read("\x88.")->get<bool>(), true);
  EXPECT_NE(Read("N.")->get<std::monostate>(), nullptr);
}

TEST(Pickle, AListMayHoldItself) {
  const Read list(
      "]q\x00h\x00"
      "a."s);
  EXPECT_EQ(list->get<PickleSequence>()->items.at(0), &*list);
}

TEST(Pickle, TheLastOfTwoEqualKeysCounts) {
  const Read dict("}(" + short_text("a") + "K\x01" + short_text("b") + "K\x02u" + short_text("a") + "K\x03s.");
  EXPECT_EQ(integer(find(*dict, "a")), 3);
  EXPECT_EQ(integer(find(*dict, "b")), 2);
  EXPECT_EQ(find(*dict, "c"), nullptr);
  EXPECT_EQ(find(*Read("N."), "a"), nullptr);
}

TEST(Pickle, SaysWhereTheNextOneBegins) {
  EXPECT_EQ(Read("K\x01.K\x02.").pickle().size(), 3u);
}

TEST(Pickle, WhatItDoesNotKnowStaysOpaque) {
  const Read called("cposix\nsystem\n(" + short_text("rm -rf /") + "tR.");
  const auto* opaque = called->get<PickleOpaque>();
  ASSERT_NE(opaque, nullptr);
  EXPECT_EQ(opaque->name, "posix.system");
  EXPECT_EQ(opaque->parts.at(0)->get<PickleSequence>()->items.at(0)->get<PickleText>()->text, "rm -rf /");

  const Read made(short_text("argparse") + short_text("Namespace") + "\x93)\x81}" + short_text("width") + "K\x08sb.");
  ASSERT_NE(made->get<PickleOpaque>(), nullptr);
  EXPECT_EQ(made->get<PickleOpaque>()->name, "argparse.Namespace");
  EXPECT_EQ(integer(find(*made->get<PickleOpaque>()->parts.at(1), "width")), 8);

  const Read by_result("ca\nb\n)R)R.");  // what is opaque can be called no more than a name
  EXPECT_EQ(by_result->get<PickleOpaque>()->name, "a.b");
}

TEST(Pickle, ReadsTensors) {
  const Read value(tensor_of("K\x01", "K\x02\x85", "K\x03\x85"));
  const auto* tensor = value->get<PickleTensor>();
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->storage.type, "FloatStorage");
  EXPECT_EQ(tensor->storage.elements, 6);
  EXPECT_EQ(tensor->offset, 1);
  EXPECT_THAT(tensor->sizes, ElementsAre(2));
  EXPECT_THAT(tensor->strides, ElementsAre(3));
  EXPECT_EQ(value.pickle().storages().count("0"), 1u);
}

// Kind C18: torch.load would negate the elements.
TEST(Pickle, RefusesViewsThatSayWhatTheirElementsAre) {
  const auto with = [](const std::string& metadata) { return error_of(tensor_of("K\x01", "K\x02\x85", "K\x03\x85", metadata)); };
  EXPECT_EQ(with("}"), "no error");
  EXPECT_EQ(with("}" + short_text("conj") + "\x89s"), "no error");
  EXPECT_THAT(with("}" + short_text("neg") + "\x88s"), HasSubstr("builds a view with the property neg"));
}

TEST(Pickle, RefusesTensorsBeyondTheirStorage) {
  const std::string beyond = "REDUCE builds a tensor that reaches beyond the 6 elements";
  EXPECT_THAT(error_of(tensor_of("K\x01", "K\x02\x85", "K\x05\x85")), HasSubstr(beyond));
  EXPECT_THAT(error_of(tensor_of("K\x06", ")", ")")), HasSubstr(beyond));
  EXPECT_THAT(error_of(tensor_of("K\x00"s, "K\x07\x85", "K\x00\x85"s)), HasSubstr(beyond));  // one element, seven times
  const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s;
  EXPECT_THAT(error_of(tensor_of("K\x00"s, huge + huge + "\x86", huge + huge + "\x86")), HasSubstr(beyond));
  EXPECT_THAT(error_of(tensor_of("K\x00"s, "J\xff\xff\xff\xff\x85", "K\x01\x85")), HasSubstr("sizes and strides do not fit together"));
  EXPECT_THAT(error_of(tensor_of("K\x00"s, "K\x01\x85", ")")), HasSubstr("sizes and strides do not fit together"));
  EXPECT_THAT(error_of(tensor_of("N", "K\x01\x85", "K\x01\x85")), HasSubstr("something else than a storage and an offset"));
}

TEST(Pickle, NamesInstructionAndByte) {
  EXPECT_THAT(error_of("K\x01I1\n."), AllOf(HasSubstr("a.pt: data.pkl, byte 2: "), HasSubstr("INT is not followed by this reader")));
  EXPECT_THAT(error_of("i"), HasSubstr("INST is not followed"));
  EXPECT_THAT(error_of("\x82\x01."), HasSubstr("EXT1 is not followed"));
  EXPECT_THAT(error_of("\xff"), HasSubstr("the byte 0xff is no pickle instruction"));
  EXPECT_THAT(error_of("\x80\x06."), HasSubstr("PROTO names protocol 6"));
}

TEST(Pickle, RefusesLengthsBeyondTheFile) {
  EXPECT_THAT(error_of("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
                       "a."),
              HasSubstr("BINUNICODE8 needs 18446744073709551615 more bytes"));
  EXPECT_THAT(error_of("\x8b\xff\xff\xff\x7f."), HasSubstr("LONG4 needs 2147483647 more bytes"));
  EXPECT_THAT(error_of("\x8b\xff\xff\xff\xff."), HasSubstr("LONG4 has a negative length"));
  EXPECT_THAT(error_of("X\xff\xff\xff\xff."), HasSubstr("BINUNICODE needs 4294967295"));
  EXPECT_THAT(error_of("\x96\x10\0\0\0\0\0\0\0."s), HasSubstr("BYTEARRAY8 needs 16"));
  EXPECT_THAT(error_of("\x95\x10\0\0\0\0\0\0\0."s), HasSubstr("FRAME is longer than the pickle"));
  EXPECT_THAT(error_of("cos"), HasSubstr("GLOBAL is not ended by a line break"));
  EXPECT_THAT(error_of("c" + std::string(300, 'a') + "\nb\n."), HasSubstr("GLOBAL has a name of more than 256 characters"));
}

TEST(Pickle, RefusesAnEmptyStack) {
  for (const std::string instruction : {".", "0", "2", "a", "s", "b", "R", "\x81", "\x92", "\x93", "\x85", "Q", "\x94", "q\x01"}) {
    EXPECT_THAT(error_of(instruction), HasSubstr("needs a value that is not on the stack")) << instruction;
    EXPECT_THAT(error_of("NNN(" + instruction), HasSubstr("needs a value that is not on the stack")) << instruction;
  }
  for (const std::string instruction : {"t", "l", "d", "1", "e", "u", "\x90", "\x91"}) {
    EXPECT_THAT(error_of(instruction), HasSubstr("needs a mark that is not on the stack")) << instruction;
  }
  EXPECT_THAT(error_of("h\x07."), HasSubstr("BINGET asks for memo 7"));
  EXPECT_THAT(error_of("NN."), HasSubstr("STOP leaves values on the stack"));
}

TEST(Pickle, RefusesWhatDoesNotGoTogether) {
  EXPECT_THAT(error_of("NNa."), HasSubstr("APPEND finds no container"));
  EXPECT_THAT(error_of("](NN\x90."), HasSubstr("ADDITEMS finds no container"));
  EXPECT_THAT(error_of("NNNs."), HasSubstr("SETITEM finds no dict"));
  EXPECT_THAT(error_of("}(Nu."), HasSubstr("SETITEMS finds a key without a value"));
  EXPECT_THAT(error_of("N)R."), HasSubstr("REDUCE finds neither a class nor a function"));
  EXPECT_THAT(error_of("NNb."), HasSubstr("BUILD finds no object"));
  EXPECT_THAT(error_of("NQ."), HasSubstr("BINPERSID is not the id of a tensor's storage"));
  EXPECT_THAT(error_of("NN\x93."), HasSubstr("STACK_GLOBAL needs two names"));
  const std::string other = "(" + short_text("storage") + "ctorch\nFloatStorage\n" + short_text("0") + short_text("cpu") + "K\x07tQ";
  EXPECT_THAT(error_of(kStorage + other + "\x86."), HasSubstr("BINPERSID gives the storage \"0\" two types or lengths"));
}

TEST(Pickle, DeepNestingAndEndlessFilesCostNoMoreThanTheyHold) {
  const std::string deep = std::string(500'000, ']') + std::string(499'999, 'a') + ".";
  EXPECT_EQ(Read(deep)->get<PickleSequence>()->items.size(), 1u);
  EXPECT_THAT(error_of(std::string(2'000'000, 'N')), HasSubstr("NONE has more than 1048576 instructions before it"));
  EXPECT_THAT(error_of("N" + std::string(2'000'000, '2')), HasSubstr("DUP has more than"));
  EXPECT_THAT(error_of(std::string(2'000'000, '(')), HasSubstr("MARK has more than"));
}

}  // namespace
}  // namespace midillama::weights
