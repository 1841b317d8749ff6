#include "midillama/core/file.h"

#include "midillama/core/hash.h"
#include "midillama/core/json_text.h"
#include "midillama/core/mapped_file.h"
#include "midillama/core/random_access_file.h"
#include "midillama/core/utf8_file.h"
#include "support/error_of.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace midillama {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_support::error_of;

TEST(File, AtomicWriteReplacesAndLeavesNothingElse) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "a/b.txt";
  write_atomically(path, "one");
  write_atomically(path, "two");
  EXPECT_EQ(read_text(path), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()), 1);
}

TEST(File, LinesAreFoundAgainWhereTheyBegin) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "lines.txt";
  const std::string text = "\xef\xbb\xbfone\ntwo\r\n\r\nthree\rfour\n\nfive";
  write_atomically(path, text);
  const RandomAccessFile file(path);
  std::vector<std::string> lines;
  for_each_line_at(path, [&](std::string_view line, std::size_t number, std::uint64_t begin) {
    lines.emplace_back(line);
    EXPECT_EQ(number, lines.size());
    EXPECT_EQ(file.read(begin, line.size()), line);
    EXPECT_TRUE(begin == 3 || text[begin - 1] == '\n' || text[begin - 1] == '\r') << begin;
  });
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "three", "four", "", "five"}));
  EXPECT_THAT(error_of([&] { file.read(text.size() - 2, 3); }), HasSubstr("has become shorter"));
  EXPECT_THAT(error_of([&] { RandomAccessFile(folder.path()); }), HasSubstr("is not a regular file"));
  EXPECT_THAT(error_of([&] { RandomAccessFile(folder.path() / "none"); }), HasSubstr("cannot be opened"));
}

TEST(File, APipeOrDeviceIsWrittenToAndStays) {
  const TemporaryDirectory folder;
  const fs::path pipe = folder.path() / "pipe", link = folder.path() / "link";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink(pipe, link);
  for (const fs::path& path : {pipe, link}) {
    std::string received;
    std::thread reader([&] { received = read_text(pipe); });
    write_atomically(path, "through");
    reader.join();
    EXPECT_EQ(received, "through");
  }
  EXPECT_THAT(error_of([&] { write_atomically(pipe, "to nobody"); }), HasSubstr("pipe: cannot be opened"));
  EXPECT_TRUE(fs::is_fifo(pipe) && fs::is_symlink(link));
  EXPECT_THAT(error_of([] { write_atomically("/dev/full", "x"); }), HasSubstr("/dev/full"));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  write_atomically("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(File, AtomicWriteThatFailsKeepsTheOldFile) {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "taken/inside");
  EXPECT_THROW(write_atomically(folder.path() / "taken", "x"), std::exception);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(File, AtomicWriteGoesThroughALink) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() / "real");
  write_atomically(folder.path() / "real/file", "one");
  fs::create_symlink("real/file", folder.path() / "link");
  write_atomically(folder.path() / "link", "two");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_text(folder.path() / "real/file"), "two");
}

TEST(File, MissingFileIsNamed) {
  EXPECT_THAT(error_of([] { read_text("no/such/file"); }), HasSubstr("no/such/file: cannot be opened"));
  EXPECT_THAT(error_of([] { read_bytes("/"); }), HasSubstr("is a folder"));
}

TEST(File, ANumberThatNoDoubleHoldsIsNamedWithItsFile) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "x.json", "{\"a\": 1e999}");
  EXPECT_THAT(error_of([&] { read_json(folder.path() / "x.json"); }), HasSubstr("x.json: not valid JSON (number overflow"));
}

// Kind C25: what `cat` makes of two files.
TEST(File, AByteOrderMarkBeforeAnyLineIsPassedOver) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "x.txt",
                   "\xef\xbb\xbf"
                   "a\n\xef\xbb\xbf"
                   "b\xef\xbb\xbf"
                   "c\n");
  EXPECT_EQ(read_text(folder.path() / "x.txt"),
            "a\nb\xef\xbb\xbf"
            "c\n");
}

TEST(File, TextThatIsNoUtf8IsLatin1) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "x.abc";
  write_atomically(file,
                   "T:Bourr\xe9"
                   "e\n");
  EXPECT_EQ(read_utf8_or_latin1(file), "T:Bourr\u00e9e\n");
  write_atomically(file, "T:Bourr\u00e9e\n");
  EXPECT_EQ(read_utf8_or_latin1(file), "T:Bourr\u00e9e\n");
}

TEST(File, BrokenJsonIsNamedWithItsPlace) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "x.json", "{\"a\": }");
  EXPECT_THAT(error_of([&] { read_json(folder.path() / "x.json"); }), HasSubstr("x.json: byte 7"));
  write_atomically(folder.path() / "x.jsonl", "{}\n\n{]\n");
  EXPECT_THAT(error_of([&] { for_each_json_line(folder.path() / "x.jsonl", [](const Json&, std::size_t) {}); }),
              HasSubstr("x.jsonl: line 3"));
}

TEST(File, JsonThatIsNestedTooDeepIsRefused) {
  const TemporaryDirectory folder;
  const auto file = folder.path() / "x.json";
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "\"[[\\\"[[\"" + std::string(depth, ']'); };
  write_atomically(file, nested(500));
  EXPECT_EQ(read_json(file).size(), 1U);
  for (const std::size_t depth : {501UL, 1'000'000UL}) {
    write_atomically(file, nested(depth));
    EXPECT_THAT(error_of([&] { read_json(file); }), HasSubstr("is nested more than 500 deep"));
    EXPECT_THAT(error_of([&] { for_each_json_line(file, [](const Json&, std::size_t) {}); }), HasSubstr("line 1: is nested"));
  }
}

TEST(File, TextIsReadWhateverEndsItsLines) {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "x";
  for (const char* text : {"a\n\nb",
                           "\xef\xbb\xbf"
                           "a\r\n\r\nb",
                           "a\r\rb"}) {
    write_atomically(path, text);
    EXPECT_EQ(read_text(path), "a\n\nb");
    std::vector<std::string> lines;
    for_each_line(path, [&](std::string_view line, std::size_t number) { lines.push_back(std::to_string(number) + std::string(line)); });
    EXPECT_EQ(lines, (std::vector<std::string>{"1a", "2", "3b"}));
  }
  for (const char* text : {"", "a", "a\n", "\n", "a\n\n"}) {
    write_atomically(path, text);
    EXPECT_EQ(read_text(path), text);
  }
  write_atomically(path, std::string(65535, 'x') + "\r\ny\r\n");  // the end of a line between two chunks
  EXPECT_EQ(read_text(path), std::string(65535, 'x') + "\ny\n");
  write_atomically(path, "\xff\xfe");
  EXPECT_THAT(error_of([&] { read_text(path); }), HasSubstr("UTF-16"));
}

TEST(File, PipesAreReadToTheirEnd) {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path) << "MThd"; });
  EXPECT_EQ(read_bytes(path).size(), 4u);
  writer.join();
}

// Kind: what a user names may have no end.
TEST(File, WhatHasNoEndIsRefused) {
  EXPECT_THAT(error_of([] { read_text("/dev/zero"); }), HasSubstr("/dev/zero: does not end after 256 MiB"));
  EXPECT_THAT(error_of([] { read_bytes("/dev/zero"); }), HasSubstr("/dev/zero: does not end after 256 MiB"));
  EXPECT_THAT(error_of([] { for_each_line("/dev/zero", [](std::string_view, std::size_t) {}); }),
              HasSubstr("/dev/zero: line 1: does not end after 256 MiB"));
}

TEST(File, WritesThroughLinksAndFollowsNoPlantedOne) {
  const TemporaryDirectory folder;
  write_atomically(folder.path() / "disk/real", "old");
  fs::create_symlink("disk/real", folder.path() / "link");
  write_atomically(folder.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_text(folder.path() / "disk/real"), "new");
}

TEST(File, JsonLinesAreValidUtf8) {
  EXPECT_EQ(json_line({{"file", "\x83\x65.mid"}}),
            "{\"file\":\"\xef\xbf\xbd"
            "e.mid\"}\n");
}

TEST(File, JsonGetNamesKeyAndPlace) {
  const Json object = {{"a", "text"}};
  EXPECT_EQ(json_get<std::string>(object, "a", "f", "line 1"), "text");
  EXPECT_THAT(error_of([&] { json_get<int>(object, "a", "f", "line 1"); }), HasSubstr("f: line 1: the key \"a\" has the wrong type"));
  EXPECT_THAT(error_of([&] { json_get<int>(object, "b", "f", "line 1"); }), HasSubstr("f: line 1: the key \"b\" is missing"));
}

TEST(File, SymlinkIsReplacedInOneStep) {
  const TemporaryDirectory folder;
  replace_symlink(folder.path() / "last", "one");
  replace_symlink(folder.path() / "last", "two");
  EXPECT_EQ(fs::read_symlink(folder.path() / "last"), "two");
}

TEST(File, TemporaryDirectoryIsRemoved) {
  fs::path path;
  {
    const TemporaryDirectory folder;
    path = folder.path();
    write_atomically(path / "x", "x");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(Hash, FileAndBytesAgree) {
  const TemporaryDirectory folder;
  const std::string bytes(3'000'000, 'x');
  write_atomically(folder.path() / "x", bytes);
  EXPECT_EQ(fingerprint_file(folder.path() / "x"), fingerprint(bytes));
  Fingerprinter parts;
  parts.add(std::string_view(bytes).substr(0, 3));
  parts.add(std::string_view(bytes).substr(3));
  EXPECT_EQ(parts.fingerprint(), fingerprint(bytes));
  EXPECT_EQ(fingerprint(""), "99aa06d3014798d86001c324468d497f");  // the published XXH3-128 of no bytes
}

TEST(Sha256, IsThePublishedOne) {  // FIPS 180-4's examples
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_NE(sha256(std::string_view("a\0b", 3)), sha256("a")) << "a zero does not end it";
}

// A file named in a directory may be a pipe: whoever reads it must not wait without end.
TEST(File, APipeWithoutAWriterIsRefusedAndOneWithASlowWriterIsRead) {
  const TemporaryDirectory folder;
  const auto pipe = folder.path() / "tags.yaml";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT([&] { read_text(pipe); }, testing::ThrowsMessage<InputError>(HasSubstr("tags.yaml: is a pipe that nothing writes")));
  EXPECT_THROW(MappedFile{pipe}, InputError);
  std::thread writer([&] {
    std::ofstream file(pipe);
    file << "slowly " << std::flush;
    std::this_thread::sleep_for(std::chrono::seconds(4));
    file << "written";
  });
  EXPECT_EQ(read_text(pipe), "slowly written");
  writer.join();
}

}  // namespace
}  // namespace midillama
