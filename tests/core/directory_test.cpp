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
