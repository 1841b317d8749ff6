#include "midillama/core/directory.h"

#include "midillama/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace midillama {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

TEST(WriteDirectory, ReplacesTheOldContent) {
  const TemporaryDirectory folder;
  write_directory(folder.path() / "out", [](const fs::path& path) { write_atomically(path / "old", "1"); });
  write_directory(folder.path() / "out/", [](const fs::path& path) { write_atomically(path / "deep/new", "2"); });
  EXPECT_FALSE(fs::exists(folder.path() / "out/old"));
  EXPECT_EQ(read_text(folder.path() / "out/deep/new"), "2");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(WriteDirectory, LeavesNothingWhereFillingFails) {
  const TemporaryDirectory folder;
  const auto fail = [](const fs::path& path) {
    write_atomically(path / "half", "1");
    throw Error("the disk is full");
  };
  EXPECT_THROW(write_directory(folder.path() / "out", fail), Error);
  EXPECT_EQ(entries(folder.path()), 0u);
}

TEST(WriteDirectory, WritesThroughALink) {
  const TemporaryDirectory folder;
  fs::create_directory(folder.path() / "real");
  fs::create_symlink("real", folder.path() / "link");
  write_directory(folder.path() / "link", [](const fs::path& path) { write_atomically(path / "file", "1"); });
  EXPECT_TRUE(fs::is_symlink(folder.path() / "link"));
  EXPECT_EQ(read_text(folder.path() / "real/file"), "1");
}

TEST(StagedDirectory, TwoForTheSameTargetDoNotMeet) {
  const TemporaryDirectory folder;
  StagedDirectory one(folder.path() / "out"), two(folder.path() / "out");
  write_atomically(one.path() / "file", "1");
  write_atomically(two.path() / "file", "2");
  two.put_in_place();
  one.put_in_place();
  EXPECT_EQ(read_text(folder.path() / "out/file"), "1");
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(RemoveLeftovers, LeavesFoldersThatAreBeingFilled) {
  const TemporaryDirectory folder;
  fs::create_directories(folder.path() / ".unfinished-out");
  fs::create_directories(folder.path() / ".deleted-out/deep");
  const StagedDirectory filling(folder.path() / "out");
  remove_leftovers(folder.path());
  EXPECT_TRUE(fs::exists(filling.path()));
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(RequireNewDirectory, AllowsOnlyWhatHoldsNothing) {
  const TemporaryDirectory folder;
  require_new_directory(folder.path() / "new");
  require_new_directory(folder.path());
  write_atomically(folder.path() / "file", "1");
  for (const fs::path& path : {folder.path(), folder.path() / "file"}) {
    try {
      require_new_directory(path);
      ADD_FAILURE() << path;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string() + ": is there already"));
    }
  }
}

}  // namespace
}  // namespace midillama
