#include "midillama/core/paths.h"

#include "midillama/core/directory.h"
#include "midillama/core/error.h"
#include "midillama/core/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace midillama {
namespace {

namespace fs = std::filesystem;

// Kind C24.
TEST(Paths, ATildeIsTheHomeFolder) {
  ::setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(expand_home("~"), "/home/somebody");
  EXPECT_EQ(expand_home("~/data/x"), "/home/somebody/data/x");
  EXPECT_EQ(expand_home("~root/data"), "/root/data");
  EXPECT_EQ(expand_home("~nobody-of-this-name/data"), "~nobody-of-this-name/data");
  for (const char* path : {"", "data/~", "data~/x", "./~"}) EXPECT_EQ(expand_home(path), path);
}

TEST(Paths, FilesAndFoldersAreWrittenThroughLinks) {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / "disk");
  fs::create_symlink("disk/text", folder.path() / "text");
  fs::create_symlink("text", folder.path() / "again");
  write_atomically(folder.path() / "again", "1");
  write_atomically(folder.path() / "text", "2");
  EXPECT_EQ(read_text(folder.path() / "disk/text"), "2");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "again"));

  fs::create_directories(folder.path() / "disk/data");
  fs::create_symlink(folder.path() / "disk/data", folder.path() / "data");
  for (const char* content : {"1", "2"}) {
    write_directory(folder.path() / "data/", [&](const fs::path& unfinished) { write_atomically(unfinished / "file", content); });
  }
  EXPECT_EQ(read_text(folder.path() / "disk/data/file"), "2");
  EXPECT_TRUE(fs::is_symlink(folder.path() / "data"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "disk"), {}), 2);
}

TEST(Paths, APipeIsReadAsAFileIs) {
  const TemporaryDirectory folder;
  const fs::path pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string text(300'000, 'x');  // more than a pipe holds
  std::thread writer([&] {
    std::FILE* file = std::fopen(pipe.c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  });
  EXPECT_EQ(read_text(pipe), text);
  writer.join();
}

TEST(Paths, WhatIsWithinAFolder) {
  const TemporaryDirectory folder;
  const fs::path inner = folder.path() / "inner";
  fs::create_directory(inner);
  fs::create_directory_symlink(inner, folder.path() / "link");
  EXPECT_TRUE(is_within(inner, inner));
  EXPECT_TRUE(is_within(inner / "not/there", folder.path() / ""));
  EXPECT_TRUE(is_within(folder.path() / "link/x", inner));
  EXPECT_FALSE(is_within(folder.path(), inner));
  EXPECT_FALSE(is_within(folder.path() / "inner-2", inner)) << "a name that begins alike is another folder";
}

}  // namespace
}  // namespace midillama
